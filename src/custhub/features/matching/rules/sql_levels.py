"""Our levels in SQL over the columns of `columns.py`, as near as SQL comes: for a second opinion of a library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from custhub.features.matching.rules.levels import Field, Level

#: Levels from the best to the last, each with its condition; the last one is what is left.
Ladder = tuple[tuple[Level, str], ...]

_ELSE: Final = "ELSE"


def _slip(column: str) -> str:
    """Whether two words are one with slips: as many as rules/edits.py allows."""
    left, right = f"{column}_l", f"{column}_r"
    longer = f"greatest(length({left}), length({right}))"
    allowed = f"CASE WHEN {longer} < 4 THEN 0 WHEN {longer} < 7 THEN 1 WHEN {longer} < 10 THEN 2 ELSE 3 END"
    return f"(damerau_levenshtein({left}, {right}) <= {allowed})"


def _equal(column: str) -> str:
    return f"({column}_l = {column}_r)"


def _starts(column: str) -> str:
    return f"(starts_with({column}_l, {column}_r) OR starts_with({column}_r, {column}_l))"


def _one_edit(column: str) -> str:
    return f"(damerau_levenshtein({column}_l, {column}_r) <= 1)"


def _shared(column: str) -> str:
    return f"list_has_any({column}_l, {column}_r)"


_BOTH_HAN = "(name_han_l IS NOT NULL AND name_han_r IS NOT NULL)"
_NO_HAN = "(name_han_l IS NULL AND name_han_r IS NULL)"
_ONE_HAN = "((name_han_l IS NULL) <> (name_han_r IS NULL))"
_BOTH_GIVEN = "(name_given_l <> '' AND name_given_r <> '')"
_ONE_WORD = (
    "(len(name_words_l) = 1 AND list_contains(name_words_r, name_words_l[1]) "
    "OR len(name_words_r) = 1 AND list_contains(name_words_l, name_words_r[1]))"
)
_AREA = (
    "(len(house_area_l) = 0 OR len(house_area_r) = 0 OR list_has_all(house_area_l, house_area_r) "
    "OR list_has_all(house_area_r, house_area_l) OR house_area_l[-1] = house_area_r[-1])"
)
_STREET = (
    f"(house_street_l <> '' AND house_street_r <> '' AND ({_equal('house_street')} OR {_slip('house_street')} "
    "OR ends_with(house_street_l, house_street_r) OR ends_with(house_street_r, house_street_l)))"
)
_WORDS = "(len(list_intersect(house_words_l, house_words_r)) * 2 > least(len(house_words_l), len(house_words_r)))"
_LINE = (
    f"(CASE WHEN house_words_l IS NOT NULL AND house_words_r IS NOT NULL THEN {_WORDS} ELSE {_AREA} AND {_STREET} END)"
)
_NUMBER = f"(house_number_l <> '' AND {_equal('house_number')})"
_UNIT = f"(house_unit_l <> '' AND {_equal('house_unit')})"

#: What must be known of both for the field to be compared.
KNOWN: Final[Mapping[Field, str]] = {
    Field.NAME: "name_term",
    Field.SUFFIX: "name_suffix",
    Field.PHONE: "masked_forms",
    Field.MAIL: "mail",
    Field.ADDRESS: "house_area",
    Field.BIRTHDAY: "birthday",
    Field.PERSONAL_ID: "personal_id",
    Field.COMPANY: "company",
}

LADDERS: Final[Mapping[Field, Ladder]] = {
    Field.NAME: (
        (
            Level.SAME,
            f"({_equal('name_han')} AND {_equal('name_written')}) OR {_equal('name_words')} "
            f"OR ({_NO_HAN} AND {_shared('name_sounds')})",
        ),
        (Level.ACROSS_SCRIPTS, f"{_equal('name_han')} OR ({_ONE_HAN} AND {_shared('name_sounds')})"),
        (
            Level.NICKNAME,
            "list_contains(name_nicknames_l, name_term_r) OR list_contains(name_nicknames_r, name_term_l)",
        ),
        (
            Level.TYPO,
            f"({_BOTH_HAN} AND {_shared('name_sounds')}) OR ({_BOTH_GIVEN} "
            "AND NOT (name_is_pinyin_l AND name_is_pinyin_r) "
            f"AND ({_equal('name_family')} OR {_slip('name_family')}) "
            f"AND ({_equal('name_given')} OR {_slip('name_given')}))",
        ),
        (
            Level.INITIAL,
            f"{_equal('name_family')} AND {_BOTH_GIVEN} AND least(length(name_given_l), length(name_given_r)) <= 2 "
            f"AND {_starts('name_given')}",
        ),
        (
            Level.COMPATIBLE,
            f"({_equal('name_family')} AND NOT {_BOTH_GIVEN}) OR name_han_l LIKE name_pattern_r "
            f"OR name_han_r LIKE name_pattern_l OR {_ONE_WORD}",
        ),
        (
            Level.WESTERN_GIVEN,
            f"{_equal('name_family')} AND name_is_chinese_l AND name_is_chinese_r "
            "AND name_is_pinyin_l <> name_is_pinyin_r",
        ),
        (Level.GIVEN_ONLY, f"{_BOTH_GIVEN} AND {_equal('name_given')}"),
        (Level.FAMILY_ONLY, f"{_equal('name_family')} OR {_slip('name_family')}"),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.SUFFIX: ((Level.SAME, _equal("name_suffix")), (Level.DIFFERENT, _ELSE)),
    Field.PHONE: (
        (Level.SAME_MOBILE, f"{_shared('mobiles')}"),
        (Level.IN_COMMON, f"{_equal('number')} OR {_shared('numbers')}"),
        (Level.TYPO, f"len(mobiles_l) > 0 AND len(mobiles_r) > 0 AND {_one_edit('number')}"),
        (Level.COMPATIBLE, f"(len(masked_l) > 0 OR len(masked_r) > 0) AND {_shared('masked_forms')}"),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.MAIL: (
        (Level.SAME, _equal("mail")),
        (Level.TYPO, f"{_equal('mail_domain')} AND length(mail_local_l) > 4 AND {_slip('mail_local')}"),
        (Level.LOCAL_PART_OF_NAME, f"{_equal('mail_local')} AND (mail_is_spelled_l OR mail_is_spelled_r)"),
        (Level.SAME_LOCAL_PART, _equal("mail_local")),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.ADDRESS: (
        (Level.UNIT, f"{_LINE} AND {_NUMBER} AND {_UNIT}"),
        (Level.STREET_NUMBER, f"{_equal('house')} OR ({_LINE} AND {_NUMBER})"),
        (Level.NEAR, f"{_LINE} AND (house_number_l = '' OR house_number_r = '' OR {_one_edit('house_number')})"),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.BIRTHDAY: (
        (Level.SAME, _equal("birthday")),
        (Level.ONE_EDIT, f"birthday_l = birthday_turned_r OR {_one_edit('birthday')}"),
        (Level.YEAR_ONLY, "birthday_l[1:4] = birthday_r[1:4]"),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.PERSONAL_ID: (
        (Level.SAME, _equal("personal_id")),
        (Level.ONE_EDIT, _one_edit("personal_id")),
        (Level.DIFFERENT, _ELSE),
    ),
    Field.COMPANY: (
        (Level.SAME, _equal("company")),
        (
            Level.PREFIX,
            f"(least(length(company_l), length(company_r)) >= 2 AND {_starts('company')}) OR {_slip('company')}",
        ),
        (Level.DIFFERENT, _ELSE),
    ),
}

#: Columns that two records of one person often share: pairs for training meet under each of them.
MEETINGS: Final = ("personal_id", "birthday", "number", "mail", "house", "name_term")
#: Pairs that share all of these are nearly always one person.
SURE: Final = (("personal_id",), ("name_term", "birthday"), ("name_term", "number"), ("name_term", "mail"))
