"""How two values of a field may stand to each other, as MATCHING names it; what each says in bits stands in weights."""

from __future__ import annotations

from enum import StrEnum


class Field(StrEnum):
    """What is compared."""

    NAME = "name"
    SUFFIX = "suffix"
    PHONE = "phone"
    MAIL = "mail"
    ADDRESS = "address"
    BIRTHDAY = "birthday"
    PERSONAL_ID = "personal_id"
    COMPANY = "company"


class Level(StrEnum):
    """One outcome of a comparison; which ones a field has stands in weights.json."""

    SAME = "same"
    ACROSS_SCRIPTS = "across_scripts"
    NICKNAME = "nickname"
    TYPO = "typo"
    INITIAL = "initial"
    COMPATIBLE = "compatible"
    WESTERN_GIVEN = "western_given"
    GIVEN_ONLY = "given_only"
    FAMILY_ONLY = "family_only"
    DIFFERENT = "different"
    SAME_MOBILE = "same_mobile"
    IN_COMMON = "in_common"
    SAME_LOCAL_PART = "same_local_part"
    LOCAL_PART_OF_NAME = "local_part_of_name"
    UNIT = "unit"
    STREET_NUMBER = "street_number"
    ONE_EDIT = "one_edit"
    YEAR_ONLY = "year_only"
    PREFIX = "prefix"
    NEAR = "near"


#: What two records of one person do not say of themselves.
CONTRADICTIONS = frozenset(
    {
        (Field.NAME, Level.FAMILY_ONLY),
        (Field.NAME, Level.DIFFERENT),
        (Field.SUFFIX, Level.DIFFERENT),
        (Field.BIRTHDAY, Level.DIFFERENT),
        (Field.PERSONAL_ID, Level.DIFFERENT),
    }
)

#: What two records of one person say of themselves, each alone.
AGREEMENTS = frozenset(
    {
        (Field.NAME, Level.SAME),
        (Field.NAME, Level.ACROSS_SCRIPTS),
        (Field.NAME, Level.NICKNAME),
        (Field.NAME, Level.TYPO),
        (Field.BIRTHDAY, Level.SAME),
        (Field.PERSONAL_ID, Level.SAME),
    }
)

#: What people of one home have in common.
SAME_HOME = frozenset(
    {
        (Field.PHONE, Level.SAME_MOBILE),
        (Field.PHONE, Level.IN_COMMON),
        (Field.MAIL, Level.SAME),
        (Field.ADDRESS, Level.UNIT),
        (Field.ADDRESS, Level.STREET_NUMBER),
    }
)
