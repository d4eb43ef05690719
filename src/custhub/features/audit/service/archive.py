"""Archive files of cut-off entries: gzip, a signed header line, then one line per entry and checkpoint (S-76)."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from custhub.features.audit.models import AuditEntry, ChainLink, CutRow
from custhub.features.audit.rules import Fault, Finding, link_hash, merkle_root
from custhub.features.audit.service.proofs import Proofs
from custhub.features.audit.service.sink import checkpoints_of

_SIGNATURE = b',"signature":"'


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What an archive says it holds, how many entries were checked, and the first fault."""

    header: CutRow
    checked: int
    finding: Finding | None


def entry_line(link: ChainLink, entry: AuditEntry) -> bytes:
    """An entry with its link; ids and bytes in hexadecimal."""
    return orjson.dumps({"link": _plain(link._asdict()), "entry": _plain(entry._asdict())}) + b"\n"


def archive_path(directory: Path, header: CutRow) -> Path:
    """Where the archive of a cut belongs."""
    return directory / f"audit-{header.first_seq:012d}-{header.last_seq:012d}.jsonl.gz"


def write_archive(directory: Path, header: CutRow, lines: Sequence[bytes]) -> Path:
    """Write the file, readable by its owner alone, and wait for the disk. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = archive_path(directory, header)
    partial = path.with_suffix(".part")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as file:
            file.write(header.body[:-1] + _SIGNATURE + header.signature.hex().encode() + b'"}\n')
            file.writelines(lines)
        raw.flush()
        os.fsync(raw.fileno())
    partial.rename(path)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return path


def verify_archive(path: Path, proofs: Proofs) -> ArchiveReport:
    """Check header, every entry, the chain and the checkpoints of one file. Raises ValueError for another file.

    The next archive, or the database, goes on from `header.last_hash`. Reads the whole file: for a command, not for
    the event loop.
    """
    with gzip.open(path, "rb") as file:
        header = _header(file.readline())
        content, prev, hashes = hashlib.sha256(), header.prev_hash, []
        seq, finding = header.first_seq, None
        for line in file:
            content.update(line)
            if finding is not None:
                continue
            if line.startswith(b'{"link"'):
                link, entry = _read_entry(line)
                if (link.seq, link.prev, link.hash) != (seq, prev, link_hash(prev, entry.mac)):
                    finding = Finding(seq, Fault.REORDERED, link.entry_id)
                elif not proofs.is_genuine(entry) or entry.id != link.entry_id:
                    finding = Finding(seq, Fault.EDITED, entry.id)
                prev, seq = link.hash, link.seq + 1
                hashes.append(link.hash)
            else:
                finding = _fault_of_checkpoint(line, header, hashes, proofs)
    if finding is None and not (proofs.is_signed(header) and content.digest() == header.content):
        finding = Finding(header.first_seq, Fault.CHECKPOINT_MISMATCH)
    if finding is None and (seq - 1, prev) != (header.last_seq, header.last_hash):
        finding = Finding(seq, Fault.TRUNCATED)
    return ArchiveReport(header, len(hashes), finding)


def _fault_of_checkpoint(line: bytes, header: CutRow, hashes: list[bytes], proofs: Proofs) -> Finding | None:
    for row in checkpoints_of(line):
        first = row.first_seq - header.first_seq
        covered = hashes[first : row.last_seq - header.first_seq + 1]
        if first >= 0 and proofs.is_signed(row) and merkle_root(covered) == row.root:
            return None
        return Finding(row.first_seq, Fault.CHECKPOINT_MISMATCH)
    return Finding(header.first_seq, Fault.CHECKPOINT_MISMATCH)


def _header(line: bytes) -> CutRow:
    try:
        members = orjson.loads(line)
        return CutRow(
            last_seq=members["last_seq"],
            at=datetime.fromisoformat(members["at"]),
            first_seq=members["first_seq"],
            prev_hash=bytes.fromhex(members["prev_hash"]),
            last_hash=bytes.fromhex(members["last_hash"]),
            content=bytes.fromhex(members["content"]),
            kid=members["kid"],
            signature=bytes.fromhex(members["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        raise ValueError("this file is no audit archive") from None


def _plain(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value.hex if isinstance(value, UUID) else value.hex() if isinstance(value, bytes) else value
            for name, value in members.items()}  # fmt: skip


def _read_entry(line: bytes) -> tuple[ChainLink, AuditEntry]:
    both = orjson.loads(line)
    link, entry = both["link"], both["entry"]
    for name in ("id", "actor_id", "object_id", "customer_id"):
        entry[name] = None if entry[name] is None else UUID(entry[name])
    entry["at"] = datetime.fromisoformat(entry["at"])
    entry["details"] = None if entry["details"] is None else bytes.fromhex(entry["details"])
    entry["mac"] = bytes.fromhex(entry["mac"])
    link["entry_id"] = UUID(link["entry_id"])
    link["prev"], link["hash"] = bytes.fromhex(link["prev"]), bytes.fromhex(link["hash"])
    link["sealed_at"] = datetime.fromisoformat(link["sealed_at"])
    return ChainLink(**link), AuditEntry(**entry)
