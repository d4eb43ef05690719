"""If-Match: change only the revision the caller has seen (CONTRACT C6, D2)."""

from __future__ import annotations

import re

from custhub.kit.errors import PreconditionFailed, PreconditionRequired, Text

# A weak tag says less than that the bodies are equal: it matches nothing here.
_TAG = re.compile(r'(?<!W/)"(\d{1,10})(?:-[0-9a-f]{1,16})?"')


class StaleRevision(PreconditionFailed):
    """It changed since you read it. Read it again, look at the difference, and repeat with the new ETag."""

    code = "precondition_failed"
    title = "Changed meanwhile"
    zh = Text("数据已变更", "自您读取后数据已发生变化。请重新读取、核对差异，并使用新的 ETag 重试。")


class RevisionRequired(PreconditionRequired):
    """Send the ETag you read as If-Match: this operation never overwrites unseen changes."""

    code = "precondition_required"
    title = "If-Match required"
    zh = Text("需要 If-Match", "此操作必须携带您读取到的 ETag（If-Match），以免覆盖未知更改。")


def expected_revisions(if_match: str | None) -> frozenset[int] | None:
    """The revisions an If-Match header allows: None for no header or `*`. The part behind the dash is not compared."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(revision) for revision in _TAG.findall(if_match))


def check_revision(expected: frozenset[int] | None, current: int, etag: str) -> None:
    """Raise StaleRevision, with the current entity tag, unless the stored revision is one of the expected."""
    if expected is not None and current not in expected:
        raise StaleRevision(headers={"ETag": etag})
