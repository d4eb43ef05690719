"""The table of Chinese divisions: complete, consistent, and found by every usual spelling."""

from __future__ import annotations

import re

import pytest

from custhub.features.customers.errors import AddressInconsistent
from custhub.features.customers.rules import Division, find_division
from custhub.features.customers.rules.divisions import _table, locate, resolve

NANSHAN = Division("440305", "广东省", "深圳市", "南山区")


def present() -> list[tuple[str, Division]]:
    return [(code, place) for code, place in _table().by_code.items() if place.code == code]


def test_table_holds_every_level() -> None:
    depths = [place.depth for _, place in present()]
    provinces = {place.province for _, place in present()}
    assert len(provinces) == 34
    assert depths.count(3) > 2_750
    assert all(re.fullmatch(r"\d{6}", code) for code in _table().by_code)
    assert all(_table().by_code[place.code].code == place.code for place in _table().by_code.values())


def test_every_division_is_found_by_its_own_names_and_at_the_head_of_a_street() -> None:
    for _, place in present():
        assert resolve(place.province, place.city, place.district) == (place, None)
        text = "".join(dict.fromkeys(name for name in (place.province, place.city, place.district) if name))
        located = locate(text + "人民路1号")
        assert located is not None
        assert located[:2] == (place, len(text)), text


def test_every_short_name_leads_to_its_division() -> None:
    table = _table()
    assert len(table.short_provinces.exact) == 34
    for name, province in table.short_provinces.exact.items():
        assert province is not None
        assert resolve(name, None, None) == (province, None)
    for city, names in table.short_counties.items():
        for name, place in names.exact.items():
            if place and place.city == city and place.district:
                assert resolve(place.province, city, name) == (place, None)


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("440305", NANSHAN),
        ("440300", Division("440300", "广东省", "深圳市")),
        ("440301", Division("440300", "广东省", "深圳市")),
        ("440000", Division("440000", "广东省")),
        ("110000", Division("110000", "北京市", "北京市")),
        ("110100", Division("110000", "北京市", "北京市")),
        ("110108", Division("110108", "北京市", "北京市", "海淀区")),
        ("419001", Division("419001", "河南省", "济源市")),
        ("441900", Division("441900", "广东省", "东莞市")),
        ("810000", Division("810000", "香港特别行政区")),
        ("330181", Division("330109", "浙江省", "杭州市", "萧山区")),
        ("420600", Division("420600", "湖北省", "襄阳市")),
        ("310108", Division("310106", "上海市", "上海市", "静安区")),
        ("330104", Division("330100", "浙江省", "杭州市", "江干区")),
        ("469003", Division("460400", "海南省", "儋州市")),
        ("999999", None),
        ("4403", None),
    ],
)
def test_division_of_a_code(code: str, place: Division | None) -> None:
    assert find_division(code) == place


@pytest.mark.parametrize(
    ("names", "code", "zone"),
    [
        (("广东", "深圳", "南山"), "440305", None),
        (("广东省", None, "南山区"), "440305", None),
        (("广东省深圳市", None, "南山区"), "440305", None),
        ((None, "深圳", None), "440300", None),
        ((None, None, "海淀区"), "110108", None),
        (("北京", "市辖区", "海淀"), "110108", None),
        (("重庆市", "县", "彭水县"), "500243", None),
        (("内蒙古", "锡林郭勒", "锡林浩特"), "152502", None),
        (("广西", "南宁", None), "450100", None),
        (("新疆", "伊犁州", "伊宁市"), "654002", None),
        (("河南省", "省直辖县级行政区划", "济源市"), "419001", None),
        (("河南省", "济源市", "济源市"), "419001", None),
        (("江苏省", "昆山市", None), "320583", None),
        (("江苏省", "昆山市", "玉山镇"), "320583", "玉山镇"),
        (("广东省", "深圳市", "高新区"), "440300", "高新区"),
        (("吉林省", "四平市", "公主岭市"), "220184", None),
        (("浙江省", "杭州市", "萧山市"), "330109", None),
        (("上海", None, "闸北区"), "310106", None),
        (("浙江", "杭州", "江干区"), "330100", None),
    ],
)
def test_names_resolve(names: tuple[str | None, str | None, str | None], code: str, zone: str | None) -> None:
    resolved = resolve(*names)
    assert resolved is not None
    assert (resolved[0].code, resolved[1]) == (code, zone)


@pytest.mark.parametrize(
    "names", [("某省", "某市", "某区"), ("某省", "深圳市", None), (None, None, "朝阳区"), (None, None, None)]
)
def test_unknown_or_ambiguous_names_resolve_to_nothing(names: tuple[str | None, str | None, str | None]) -> None:
    assert resolve(*names) is None


@pytest.mark.parametrize(
    "names",
    [
        ("福建省", "杭州市", None),
        ("广东省", "深圳市", "海淀区"),
        ("北京市", "深圳市", None),
        ("广东省", None, "浦东新区"),
    ],
)
def test_names_of_different_places_contradict(names: tuple[str | None, str | None, str | None]) -> None:
    with pytest.raises(AddressInconsistent):
        resolve(*names)


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("广东省深圳市南山区科技园路1号", "440305", "科技园路1号"),
        ("广东深圳南山区科技园", "440305", "科技园"),
        ("中国 广东省 深圳市 南山区 科技园", "440305", "科技园"),
        ("广东省-深圳市-南山区，科技园", "440305", "科技园"),
        ("深圳市南山区", "440305", ""),
        ("北京市朝阳区建国路88号", "110105", "建国路88号"),
        ("北京朝阳区建国路88号", "110105", "建国路88号"),
        ("北京市北京市海淀区中关村", "110108", "中关村"),
        ("北京市市辖区海淀区中关村", "110108", "中关村"),
        ("海淀区中关村", "110108", "中关村"),
        ("吉林市昌邑区", "220202", ""),
        ("吉林吉林市昌邑区", "220202", ""),
        ("海南藏族自治州共和县", "632521", ""),
        ("海南省文昌市文城镇", "469005", "文城镇"),
        ("江苏省昆山市玉山镇", "320583", "玉山镇"),
        ("东莞市长安镇", "441900", "长安镇"),
        ("青岛市南区", "370202", ""),
        ("青岛市市南区", "370202", ""),
        ("延边州延吉市", "222401", ""),
        ("上海市北京东路", "310000", "北京东路"),
        ("浙江省萧山市", "330109", ""),
        ("湖北省襄樊市襄城区", "420602", ""),
        ("广东深圳科技园", "440300", "科技园"),
    ],
)
def test_divisions_at_the_head_of_a_street(text: str, code: str, rest: str) -> None:
    located = locate(text)
    assert located is not None
    assert (located[0].code, text[located[1] :]) == (code, rest)


@pytest.mark.parametrize(
    "street",
    [
        "",
        "科技园路1号",
        "朝阳区建国路",
        "北京路12号",
        "北京市场路1号",
        "中山陵",
        "武侯大道",
        "南京西路",
        "上海滩",
        "海南岛",
        "12345",
        "Main St",
    ],
)
def test_a_street_that_only_looks_like_a_division_is_left_alone(street: str) -> None:
    assert locate(street) is None
