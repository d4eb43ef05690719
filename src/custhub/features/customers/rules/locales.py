"""Language and time zone a customer is served in."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache

from custhub.features.customers.errors import LanguageInvalid, TimeZoneInvalid
from custhub.features.customers.rules.countries import COUNTRIES

MAX_LANGUAGE = 35
MAX_TIME_ZONE = 64

_TAG = re.compile(
    r"([a-z]{2,3}|[a-z]{5,8})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?((?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*)"
    r"((?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?)",
    re.ASCII,
)
# ISO 639-1. A two-letter code outside it is a country by mistake: cn, jp, us.
_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee "
    "el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is "
    "it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms "
    "mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg sh si "
    "sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh "
    "yi yo za zh zu"
)
_LANGUAGES = frozenset(_CODES.split())
# RFC 5646, the preferred values of withdrawn codes.
_WITHDRAWN = {"iw": "he", "in": "id", "ji": "yi", "jw": "jv"}


def normalise_language(text: str) -> str:
    """A BCP 47 tag in canonical case: `zh-Hans-CN`, `en`, `es-419`. Raises LanguageInvalid.

    `zh_CN` is read as `zh-CN`. Two-letter languages and regions must exist; longer subtags are taken by their form.
    """
    tag = text.strip()
    if len(tag) > MAX_LANGUAGE:
        raise LanguageInvalid
    match = _TAG.fullmatch(tag.replace("_", "-").lower())
    if match is None:
        raise LanguageInvalid
    language, script, region, variants, extensions = match.groups()
    language = _WITHDRAWN.get(language, language)
    if len(language) == 2 and language not in _LANGUAGES:
        raise LanguageInvalid
    parts = [language]
    if script:
        parts.append(script.title())
    if region:
        region = region.upper()
        if region.isalpha() and region not in COUNTRIES:
            raise LanguageInvalid
        parts.append(region)
    return "-".join(parts) + variants + extensions


def normalise_time_zone(text: str) -> str:
    """An IANA time zone name in its own spelling, whatever the case typed. Raises TimeZoneInvalid."""
    zones = _zones()
    name = zones.get(text) or zones.get(text[:MAX_TIME_ZONE].strip().lower())
    if name is None or len(text) > MAX_TIME_ZONE:
        raise TimeZoneInvalid
    return name


@cache
def _zones() -> dict[str, str]:
    names = [name for name in zoneinfo.available_timezones() if name not in {"Factory", "localtime", "posixrules"}]
    return {name.lower(): name for name in names} | {name: name for name in names}
