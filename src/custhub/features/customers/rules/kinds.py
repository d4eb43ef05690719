"""Closed vocabularies of a customer. Response enums are open: clients accept values added later."""

from __future__ import annotations

from enum import StrEnum

from custhub.features.customers.errors import GenderInvalid


class CustomerKind(StrEnum):
    """What a customer is: a natural person, or a company, shop, school or authority with contacts."""

    PERSON = "person"
    ORGANISATION = "organisation"


class Gender(StrEnum):
    """As the person says; `unknown` means not told, which includes a refusal to tell."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class LifecycleStage(StrEnum):
    """How far the relation has come: known, interested, buying, silent, ended."""

    LEAD = "lead"
    PROSPECT = "prospect"
    ACTIVE = "active"
    LAPSED = "lapsed"
    FORMER = "former"


# The digits are ISO/IEC 5218 and GB/T 2261.1, which import files carry.
_GENDERS = {
    **dict.fromkeys(("female", "f", "w", "woman", "女", "女性", "女士", "小姐", "太太", "2"), Gender.FEMALE),
    **dict.fromkeys(("male", "m", "man", "男", "男性", "先生", "1"), Gender.MALE),
    **dict.fromkeys(("other", "x", "diverse", "其他", "其它"), Gender.OTHER),
    **dict.fromkeys(("unknown", "u", "", "未知", "不详", "保密", "0", "9"), Gender.UNKNOWN),
}


def parse_gender(text: str) -> Gender:
    """The gender meant by a word, letter or standard digit in English or Chinese. Raises GenderInvalid."""
    gender = _GENDERS.get(text.strip().lower())
    if gender is None:
        raise GenderInvalid
    return gender
