"""The process that makes a file tells the hub at once what went wrong, whoever waits for whom."""

from __future__ import annotations

import asyncio
import queue
from typing import Any, cast

import pytest

from custhub.crypto.cipher import FieldCipher
from custhub.features.customers.queries.sheets import SheetPage
from custhub.features.exports.service.pages import Page, Rendering, Rows
from custhub.features.exports.service.rendering import Maker
from custhub.kit.frames import Pipe


class _Full(Exception):
    """Its text must not be told."""


class _Pipe:
    def __init__(self) -> None:
        self.said: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()

    def send(self, *message: Any) -> None:
        self.said.put(message)


class _Rendering:
    """Its first piece cannot be packed."""

    def rows(self, read: SheetPage) -> Rows:
        return Rows(b"".join(read.ids), 0, [])

    def page(self, made: Rows) -> Page:
        if made.ids == b"1":
            raise _Full("13812345678")
        return Page(made.ids, made.cut, b"")


async def test_a_piece_that_cannot_be_packed_is_told_before_another_one_is_asked_for() -> None:
    pipe = _Pipe()
    maker = Maker(cast("Pipe", pipe), cast("Rendering", _Rendering()), cast("FieldCipher", None))
    await maker.make(_read(b"1"))
    kind, *told = await asyncio.to_thread(pipe.said.get, timeout=20)
    assert kind == "crashed"
    assert told[0].startswith("_Full at test_rendering.py")
    assert "138" not in told[0]
    with pytest.raises(_Full):
        await maker.make(_read(b"2"))
    assert pipe.said.empty()


async def test_pieces_come_in_order() -> None:
    pipe = _Pipe()
    maker = Maker(cast("Pipe", pipe), cast("Rendering", _Rendering()), cast("FieldCipher", None))
    for number in (b"2", b"3", b"4"):
        await maker.make(_read(number))
    told = [await asyncio.to_thread(pipe.said.get, timeout=20) for _ in range(3)]
    assert [message[1] for message in told] == [b"2", b"3", b"4"]


def _read(number: bytes) -> SheetPage:
    return SheetPage([], {}, [number], [number])
