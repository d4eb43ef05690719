"""The scan for planted numbers finds each form it claims to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proofs.residue import Needles, planted_numbers, scan

NUMBERS = planted_numbers(5, 7)
NUMBER = NUMBERS[2]
WINDOWS = [NUMBER[i : i + 8] for i in range(4)]
FORMS = {
    **{f"window {window}": ("ascii", window.encode()) for window in WINDOWS},
    "reversed": ("ascii", NUMBER[::-1].encode()),
    "UTF-16": ("utf-16", NUMBER.encode("utf-16-le")),
    "UTF-16, big-endian": ("utf-16", NUMBER.encode("utf-16-be")),
    "big-endian": ("integer", int(NUMBER).to_bytes(8, "big")),
    "little-endian": ("integer", int(NUMBER).to_bytes(8, "little")),
    "of SQLite": ("integer", int(NUMBER).to_bytes(6, "big")),
    "with country": ("integer", int("86" + NUMBER).to_bytes(8, "little")),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("before", [0, 16 * 1024 * 1024 - 5])
def test_scan_finds_it(tmp_path: Path, name: str, before: int) -> None:
    """S-01: also where it lies across two pieces of a file."""
    form, planted = FORMS[name]
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\x01" * before + planted + b"\x01")
    hits, read = scan([tmp_path], Needles(NUMBERS))
    assert form in {hit.form for hit in hits}
    assert read == before + len(planted) + 1


def test_scan_does_not_cry_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"1234567890123 " + (1_234_567).to_bytes(8, "little") + NUMBER[:7].encode())
    assert scan([tmp_path], Needles(NUMBERS))[0] == []
