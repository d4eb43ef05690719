"""How two addresses stand to each other (MATCHING 1)."""

from __future__ import annotations

import pytest

from custhub.features.matching.rules.levels import Level
from custhub.features.matching.rules.places import compare_places, read_place


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("广东省深圳市南山区科技园路1号3栋502室", "深圳市南山区科技园路1号3栋502", Level.UNIT),
        ("广东省深圳市南山区科技园路1号3栋502室", "南山区科技园路1号", Level.STREET_NUMBER),
        ("广东省深圳市南山区科技园路1号3栋502室", "科技園路1號8栋101", Level.STREET_NUMBER),
        ("广东省深圳市南山区科技园路1号", "广东省深圳市南山区科技园路", Level.NEAR),
        ("广东省深圳市南山区人民路1号", "浙江省杭州市西湖区人民路1号", Level.DIFFERENT),
        ("广东省深圳市南山区人民路1号", "广东省深圳市南山区解放路1号", Level.DIFFERENT),
        ("12 Hill Street, Springfield", "12 Hill St., Springfield", Level.STREET_NUMBER),
        ("Apt 5, 12 Hill Street, Springfield", "5/12 Hill St, Springfield", Level.UNIT),
        ("12 Hill Street, Springfield", "12 Hlil Street, Springfield", Level.STREET_NUMBER),
        ("12 Hill Street, Springfield 4011", "Hill Street, Springfield 4011", Level.NEAR),
        ("12 Hill Street, Springfield", "77 Lake Road, Riverton", Level.DIFFERENT),
    ],
)
def test_addresses_stand_so_to_each_other(left: str, right: str, level: Level) -> None:
    one, other = read_place(left), read_place(right)
    assert one is not None
    assert other is not None
    assert compare_places(one, other) is level
    assert compare_places(other, one) is level


@pytest.mark.parametrize("text", ["", "  ", "-"])
def test_no_address(text: str) -> None:
    assert read_place(text) is None
