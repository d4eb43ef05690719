"""The administrative divisions of China: by code, by name as people write it, and at the head of an address.

`divisions.tsv` holds the present divisions and, with their successors, those abolished since 2000. Municipalities
(北京市) count as province and city; a county-level unit directly under its province (济源市, 文昌市) counts as city.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from pathlib import Path

from custhub.features.customers.errors import AddressInconsistent

_MUNICIPALITIES = frozenset(("110000", "120000", "310000", "500000"))
_PEOPLES = (
    "回|藏|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|傣|黎|傈僳|佤|畲|拉祜|水|东乡|纳西|景颇|土|仫佬|羌|布朗|撒拉|"
    "毛南|仡佬|普米|怒|保安|裕固|独龙|蒙古|哈萨克|达斡尔|鄂温克|鄂伦春|各"
)
_AUTONOMOUS = re.compile(f"(.{{2,}}?)(?:(?:{_PEOPLES})族|蒙古|维吾尔|哈萨克|柯尔克孜|锡伯|塔吉克)+自治([州县旗])")
_LONG_KINDS = ("自治区", "特别行政区", "地区", "新区", "林区", "特区")
_PROVINCE_STEMS = {"广西壮族自治区": "广西", "宁夏回族自治区": "宁夏", "新疆维吾尔自治区": "新疆"}
_OTHER_PROVINCE_NAMES = {
    "内蒙古自治区": ("内蒙",),
    "广西壮族自治区": ("广西省", "广西自治区"),
    "宁夏回族自治区": ("宁夏自治区", "宁夏省"),
    "新疆维吾尔自治区": ("新疆自治区", "新疆省", "新疆维吾尔族自治区"),
    "西藏自治区": ("西藏省",),
    "香港特别行政区": ("香港特区",),
    "澳门特别行政区": ("澳门特区",),
}
# What statistics and old forms put in the place of a level that does not exist.
_FILLERS = frozenset(("市辖区", "县", "市", "省直辖县级行政区划", "自治区直辖县级行政区划", "省直辖县", "直辖县"))
_GAP = re.compile(r"(?:[\s,，、/\-]|市辖区|省直辖县级行政区划|自治区直辖县级行政区划)*")
_COUNTRY = re.compile("(?:中国|中华人民共和国)?")
# Before these a short name is part of a longer word: 北京路, 上海东路, 中山区.
_LONGER_WORD = re.compile("[东西南北中一二三四五]{0,2}(?:路|街|大道|道|巷|弄|胡同|里|环|桥)|[区县市旗盟州镇乡村屯庄]")


@dataclass(frozen=True, slots=True)
class Division:
    """A place as far down as it is known; `code` is the GB/T 2260 code of its deepest level that has one."""

    code: str
    province: str
    city: str | None = None
    district: str | None = None

    @property
    def depth(self) -> int:
        """1 province, 2 city, 3 district."""
        return 3 if self.district else 2 if self.city else 1

    def within(self, other: Division) -> bool:
        """Whether this is `other` or a part of it."""
        if self.province != other.province or other.city not in (None, self.city):
            return False
        return other.district in (None, self.district)


# A reading of a text's head: depth and end, which compare; levels spelled out; whether its last name is a short one.
_Reading = tuple[int, int, int, bool, Division]
_DEPTH_AND_END = itemgetter(0, 1)


class _Names:
    """Names of divisions under one parent, found by the whole name or at the head of a text; None if ambiguous."""

    def __init__(self) -> None:
        self.exact: dict[str, Division | None] = {}
        self._by_head: dict[str, list[str]] = {}

    def add(self, name: str, division: Division) -> None:
        if name not in self.exact:
            self.exact[name] = division
            self._by_head.setdefault(name[:2], []).append(name)
        elif self.exact[name] != division:
            self.exact[name] = None

    def heads(self, text: str, at: int) -> Iterator[tuple[Division, int]]:
        """Every division whose name the text spells from `at` on, and where the name ends."""
        for name in self._by_head.get(text[at : at + 2], ()):
            division = self.exact[name]
            if division is not None and text.startswith(name, at):
                yield division, at + len(name)


class _Table:
    """All names by parent: a province, a city, or "" for anywhere."""

    def __init__(self, rows: list[list[str]]) -> None:
        self.by_code: dict[str, Division] = {}
        self.provinces, self.short_provinces = _Names(), _Names()
        self.cities: defaultdict[str, _Names] = defaultdict(_Names)
        self.short_cities: defaultdict[str, _Names] = defaultdict(_Names)
        self.counties: defaultdict[str, _Names] = defaultdict(_Names)
        self.short_counties: defaultdict[str, _Names] = defaultdict(_Names)
        for code, name in (row for row in rows if len(row) == 2):
            self._add_present(code, name)
        present = {parent: frozenset(names.exact) for parent, names in self.counties.items()}
        for code, name, successor in (row for row in rows if len(row) == 3):
            self._add_former(code, name, self.by_code[successor], present)

    def _add_present(self, code: str, name: str) -> None:
        above = self.by_code.get(code[:4] + "00") or self.by_code.get(code[:2] + "0000")
        if above is None:
            division = self._add_province(code, name)
        elif code.endswith("00"):
            division = Division(code, above.province, name)
            self._add_city(division, name)
            self.by_code[code[:4] + "01"] = division
        elif above.city is None:
            division = Division(code, above.province, name)
            self._add_city(division, name)
            self._add_county(division, name, above.province)
        else:
            division = Division(code, above.province, above.city, name)
            self._add_county(division, name, *{above.province, above.city})
        self.by_code[code] = division

    def _add_province(self, code: str, name: str) -> Division:
        division = Division(code, name, name if code in _MUNICIPALITIES else None)
        for spelling in (name, *_OTHER_PROVINCE_NAMES.get(name, ())):
            self.provinces.add(spelling, division)
        self.short_provinces.add(_PROVINCE_STEMS.get(name) or _stem(name)[0], division)
        if division.city:
            self._add_city(division, name)
            self.by_code |= {code[:2] + below: division for below in ("0100", "0101", "0200", "0201")}
        return division

    def _add_city(self, division: Division, name: str) -> None:
        stem, with_kind = _stem(name)
        for parent in (division.province, ""):
            self.cities[parent].add(name, division)
            self.cities[parent].add(with_kind, division)
            if parent or stem not in self.short_provinces.exact:
                self.short_cities[parent].add(stem, division)

    def _add_county(self, division: Division, name: str, *parents: str) -> None:
        stem, with_kind = _stem(name)
        for parent in parents:
            self.short_counties[parent].add(stem, division)
        for parent in (*parents, ""):
            self.counties[parent].add(name, division)
            self.counties[parent].add(with_kind, division)

    def _add_former(self, code: str, name: str, successor: Division, present: dict[str, frozenset[str]]) -> None:
        division = successor
        if code.endswith("00"):
            for parent in (division.province, ""):
                self.cities[parent].add(name, division)
        else:
            # The county was divided or merged: its old name stays, the code is that of the city it lies in.
            if successor.code.endswith("00") and successor.city != name:
                division = Division(successor.code, successor.province, successor.city, name)
            old_city = self.by_code.get(code[:4] + "00")
            for parent in {division.province, division.city or "", (old_city and old_city.city) or "", ""}:
                if name not in present.get(parent, ()) and name not in self.cities[""].exact:
                    self.counties[parent].add(name, division)
        self.by_code.setdefault(code, division)


@cache
def _table() -> _Table:
    lines = Path(__file__).with_name("divisions.tsv").read_text("utf-8").splitlines()
    return _Table([line.split("\t") for line in lines if not line.startswith("#")])


def _stem(name: str) -> tuple[str, str]:
    """The short name, and the short name with its kind: 延边朝鲜族自治州 is 延边 and 延边州."""
    if "自治" in name and (match := _AUTONOMOUS.fullmatch(name)):
        return match[1], match[1] + match[2]
    kind = next((kind for kind in _LONG_KINDS if name.endswith(kind)), name[-1])
    stem = name.removesuffix(kind)
    return (stem if len(stem) > 1 else name), name


def find_division(code: str) -> Division | None:
    """The division of a six-digit code, present or former; None when there never was one."""
    return _table().by_code.get(code)


def resolve(province: str | None, city: str | None, district: str | None) -> tuple[Division, str | None] | None:
    """The division of three names in full or short form, and the district text that names none.

    None when province or city is no name of this table. Raises AddressInconsistent when the names are known and belong
    to different places.
    """
    table = _table()
    city, district = (None if name in _FILLERS else name for name in (city, district))
    place = _named(table.provinces, table.short_provinces, province) if province else None
    if province and place is None:
        return _joined(province, city, district)
    if city:
        above = place.province if place else ""
        found = _named(table.cities[above], table.short_cities[above], city) or table.counties[above].exact.get(city)
        if found is None:
            if place and (table.cities[""].exact.get(city) or table.counties[""].exact.get(city)):
                raise AddressInconsistent
            return _joined(province, city, district)
        place = found
    if place is None:
        county = table.counties[""].exact.get(district or "")
        return (county, None) if county else None
    if not district or district in (place.district, place.city):
        return place, None
    if place.district is None:
        above = place.city or place.province
        county = _named(table.counties[above], table.short_counties[above], district)
        if county:
            return county, None
    if table.counties[""].exact.get(district):
        raise AddressInconsistent
    return place, district


def _named(full: _Names, short: _Names, name: str) -> Division | None:
    return full.exact.get(name) or short.exact.get(name)


def _joined(*parts: str | None) -> tuple[Division, str | None] | None:
    text = "".join(filter(None, parts))
    located = locate(text)
    return (located[0], None) if located and located[1] == len(text) else None


def locate(text: str, within: Division | None = None) -> tuple[Division, int, int] | None:
    """The division a street text begins with, where the rest begins, and the number of levels spelled out.

    Districts are recognised by their full name alone (武侯大道 is a street), provinces and cities by the short one too
    where another level follows. `within` lets the text go on where a known city or province ended.
    """
    table = _table()
    start = _end(_GAP, text, _end(_COUNTRY, text, 0))
    readings = _below(text, start, "", 0)
    if within is not None and within.district is None:
        readings += _below(text, start, within.city or within.province, 0)
    for short, names in ((False, table.provinces), (True, table.short_provinces)):
        for province, end in names.heads(text, start):
            readings.append((province.depth, end, 1, short, province))
            readings += _below(text, _end(_GAP, text, end), province.province, 1)
    standing = [reading for reading in readings if _stands_alone(text, reading)]
    if not standing:
        return None
    _, end, levels, _, division = max(standing, key=_DEPTH_AND_END)
    return division, _end(_GAP, text, end), levels


def _below(text: str, at: int, parent: str, levels: int) -> list[_Reading]:
    """Every reading of the text from `at` on as a division under a province, under a city, or ("") anywhere."""
    table = _table()
    readings = [
        (county.depth, end, levels + 1, False, county) for county, end in table.counties[parent].heads(text, at)
    ]
    for short, names in ((False, table.cities[parent]), (True, table.short_cities[parent])):
        for city, end in names.heads(text, at):
            readings.append((2, end, levels + 1, short, city))
            for county, below in table.counties[city.city or ""].heads(text, _end(_GAP, text, end)):
                readings.append((county.depth, below, levels + 2, False, county))
    return readings


def _stands_alone(text: str, reading: _Reading) -> bool:
    _, end, levels, short, _ = reading
    if short:
        return levels > 1 and not _LONGER_WORD.match(text, end)
    return not text.startswith("市场", end - 1)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
