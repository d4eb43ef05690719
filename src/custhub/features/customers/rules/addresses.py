"""Postal addresses: parts of standard form, Chinese ones with their division code."""

from __future__ import annotations

from dataclasses import dataclass

from custhub.features.customers.errors import AddressInconsistent, AddressInvalid
from custhub.features.customers.rules.countries import normalise_country, normalise_postcode
from custhub.features.customers.rules.divisions import Division, find_division, locate, resolve
from custhub.features.customers.rules.text import clean, has_han

MAX_AREA = 100
MAX_STREET = 400


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """One address. In China `province`, `city` and `district` have their full official names where they are known.

    `division_code` (GB/T 2260) is that of the deepest level recognised and exists in China only. `district` may hold a
    zone that is no administrative district (高新区); the code is then that of the city.
    """

    country: str
    province: str | None = None
    city: str | None = None
    district: str | None = None
    division_code: str | None = None
    street: str | None = None
    postcode: str | None = None


def normalise_address(
    *,
    country: str,
    province: str | None = None,
    city: str | None = None,
    district: str | None = None,
    division_code: str | None = None,
    street: str | None = None,
    postcode: str | None = None,
) -> PostalAddress:
    """An address as typed, in parts or with 省市区 still at the head of `street`, or both.

    Raises CountryInvalid, PostcodeInvalid, AddressInvalid (empty, a part too long, unknown division code, a division
    code outside China) and AddressInconsistent (names that contradict each other or the code). A name unknown to the
    table of divisions is kept as it is, without a code: new divisions appear every year.
    """
    country = normalise_country(country)
    province, city, district = (_text(part, MAX_AREA) for part in (province, city, district))
    street = _text(street, MAX_STREET)
    postcode = normalise_postcode(postcode, country) if postcode and postcode.strip() else None
    division_code = _text(division_code, MAX_AREA)
    if not (province or city or district or division_code or street or postcode):
        raise AddressInvalid
    if country == "CN":
        return _chinese(province, city, district, division_code, street, postcode)
    if division_code:
        raise AddressInvalid
    return PostalAddress(country, province, city, district, None, street, postcode)


def _text(typed: str | None, limit: int) -> str | None:
    if typed is None:
        return None
    if len(typed) > 4 * limit:
        raise AddressInvalid
    text = clean(typed)
    if len(text) > limit:
        raise AddressInvalid
    return text or None


def _chinese(
    province: str | None,
    city: str | None,
    district: str | None,
    code: str | None,
    street: str | None,
    postcode: str | None,
) -> PostalAddress:
    place = _coded(code)
    zone = None
    # Latin spellings cannot be judged: the code and the Chinese names win over them.
    names = [name if name and has_han(name) else None for name in (province, city, district)]
    if any(names):
        if place:
            names[:2] = names[0] or place.province, names[1] or place.city
        named = resolve(*names)
        if named is None and place is None:
            return PostalAddress("CN", province, city, district, None, street, postcode)
        place, zone = _agreed(place, named)
    if place and place.district and zone:
        # A town typed as district of a county-level city: 昆山市 玉山镇.
        street, zone = _text(zone + (street or ""), MAX_STREET), None
    place, street = _read_on(place, street, zoned=zone is not None)
    if place is None:
        return PostalAddress("CN", province, city, district, None, street, postcode)
    named_district = place.district or zone or (district if names[2] is None else None)
    return PostalAddress("CN", place.province, place.city, named_district, place.code, street, postcode)


def _coded(code: str | None) -> Division | None:
    if code is None:
        return None
    place = find_division(code)
    if place is None:
        raise AddressInvalid
    return place


def _agreed(coded: Division | None, named: tuple[Division, str | None] | None) -> tuple[Division, str | None]:
    """The deeper of what the code and what the names say. Raises AddressInconsistent."""
    if named is None:
        raise AddressInconsistent
    place, zone = named
    if coded is None or place.within(coded):
        return place, zone
    if zone or not coded.within(place):
        raise AddressInconsistent
    return coded, None


def _read_on(place: Division | None, street: str | None, *, zoned: bool) -> tuple[Division | None, str | None]:
    """Take the divisions off the head of the street, as long as they say more than, or repeat, what is known."""
    while street:
        located = locate(street, place)
        if located is None:
            break
        division, end, levels = located
        if zoned and division.district:
            break
        # One level that says nothing new is part of a name: 浙江省人民医院 in Hangzhou stays whole.
        if place and not (division.within(place) and (division.depth > place.depth or levels > 1)):
            break
        place, street = division, clean(street[end:]) or None
    return place, street
