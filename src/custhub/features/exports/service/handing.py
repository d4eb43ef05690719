"""Handing out files: to programs, and to people by a link that works once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from custhub.crypto.files import StoredFileGone, StoredFiles
from custhub.features.exports.errors import ExportExpired, ExportNotFound
from custhub.features.exports.queries import ExportRow, export_of
from custhub.features.exports.rules.purposes import Purpose
from custhub.features.exports.schemas import MEDIA
from custhub.features.exports.service.starting import check_file, kind_of
from custhub.features.links.service import Form, IssuedLink, Language, LinkFile, LinkPage, LinkRow, issue_link
from custhub.kit.clock import Clock
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork

LINK: Final = "export_download"


async def hand_out(uow: UnitOfWork, files: StoredFiles, row: ExportRow, by: str) -> LinkFile:
    """The file, with a note of it in the audit log. Raises ExportNotReady, ExportRemoved, ExportExpired."""
    file_id = check_file(row, uow.now)
    try:
        reader = await files.open(file_id)
    except StoredFileGone:
        raise ExportExpired from None
    kind = kind_of(is_unmasked=row.is_unmasked, purpose=Purpose.of(row.selection))
    uow.audit(Note("export.downloaded", "export", row.id, reason=f"{by} {kind} customers={row.customers}"))
    name = f"customers-{row.created_at:%Y%m%d-%H%M%S}.{row.format}"
    return LinkFile(name, MEDIA[row.format], reader.row.size, aiter(reader))


def issue_download(uow: UnitOfWork, public_url: str, row: ExportRow, lifetime: timedelta) -> IssuedLink:
    """A link to it, no longer than the file is there. Raises ExportNotReady, ExportRemoved, ExportExpired."""
    check_file(row, uow.now)
    if row.expires_at is not None:
        lifetime = min(lifetime, row.expires_at - uow.now)
    uow.audit(Note("export.linked", "export", row.id))
    return issue_link(uow, public_url, LINK, row.id, lifetime)


class ExportDownload:
    """What links to exports are for."""

    def __init__(self, files: StoredFiles, clock: Clock) -> None:
        self._files = files
        self._clock = clock

    async def page(self, reader: Reader, link: LinkRow, language: Language) -> LinkPage:
        """What will be downloaded. Raises ExportRemoved, ExportExpired."""
        row = await _row(reader, link)
        check_file(row, self._clock.now())
        size = f"{max(1, row.size // 1024):,} KiB"
        if language == "zh":
            numbers = "含完整号码。" if row.is_unmasked else "号码已脱敏。"
            facts = f"{row.format.upper()} 文件，{row.customers:,} 位客户，{size}。{numbers}"
            return LinkPage("客户数据导出", (facts, "此链接只能下载一次。请妥善保管文件，不要转发。"), Form("下载"))
        numbers = "Phone numbers are in it in full." if row.is_unmasked else "Phone numbers are masked."
        facts = f"{row.format.upper()} file, {row.customers:,} customers, {size}. {numbers}"
        once = "This link downloads it once. Keep the file safe and do not pass it on."
        return LinkPage("Customer export", (facts, once), Form("Download"))

    async def act(self, uow: UnitOfWork, link: LinkRow, form: Mapping[str, str], language: Language) -> LinkFile:
        """The file. Raises ExportRemoved, ExportExpired."""
        return await hand_out(uow, self._files, await _row(uow, link), "link")


async def _row(reader: Reader, link: LinkRow) -> ExportRow:
    standing = await export_of(reader, link.subject_id)
    if standing is None:
        raise ExportNotFound
    return standing.row
