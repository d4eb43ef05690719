"""What search finds a customer by: tokens of names, companies, addresses and ids, and queries that meet them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custhub.features.customers.rules import CustomerKind, normalise_name, pinyin_key, tokens_of
from custhub.features.customers.rules.probes import Probe
from custhub.features.customers.rules.search import MAX_QUERY, SearchPlan, found_ranges
from custhub.features.customers.rules.segments import is_pinyin, segmentations
from custhub.features.customers.rules.simplified import simplified, written_forms
from custhub.features.customers.rules.tokens import MAX_TOKEN, Entry, Letter, entries_of, full_name, is_composed
from custhub.features.customers.rules.units import units_of

EVERYWHERE = frozenset(Letter)


@dataclass(frozen=True)
class Customer:
    """The columns that tokens are made of."""

    display_name: str
    kind: str = "person"
    given_name: str | None = None
    family_name: str | None = None
    company_name: str | None = None
    tax_id: str | None = None

    @property
    def name_key(self) -> str:
        return pinyin_key(self.display_name, CustomerKind(self.kind))


@dataclass(frozen=True)
class Mail:
    email: str


@dataclass(frozen=True)
class Key:
    external_id: str


def entries(customer: Customer, *emails: str, ids: tuple[str, ...] = ()) -> list[Entry]:
    return list(entries_of(customer, [Mail(email) for email in emails], [Key(external_id) for external_id in ids]))


def finds(q: str, customer: Customer, *emails: str, ids: tuple[str, ...] = ()) -> bool:
    return SearchPlan(q, EVERYWHERE).best(entries(customer, *emails, ids=ids)) is not None


def rank(q: str, customer: Customer, *emails: str, ids: tuple[str, ...] = ()) -> int:
    plan = SearchPlan(q, EVERYWHERE)
    best = plan.best(entries(customer, *emails, ids=ids))
    assert best is not None, q
    return plan.probes[best[0].probe].rank


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("张三丰", "张 张三 三丰 丰 張三 张三丰 zhang zhangsan zhangsanf zsf zhsf zhangsf zs sanf sf feng zsanf"),
        ("歐陽娜娜", "欧阳 歐陽 ouyang ouyangnn oynn 娜娜 nana 阳娜"),
        ("曾志伟", "zeng zengzw zzw 志伟 zhiw 曾志"),
        ("单雄信", "shan shanxx 单 雄信 sxx"),
        ("吕布", "lv lvbu lü lyubu lb 吕"),
        ("长孙无忌", "zhangsun zhang 长孙 zswj 無忌"),
        ("乐正", "yue 乐正 yuezheng"),
        ("西安", "xian xi'an xa 西"),
        ("Li Na", "li na Li|na li|lina|ln"),
        ("Anna-Lena Müller", "anna lena müller muller mul Anna|anna lena|anna muller|müller anna|lena müller"),
        ("Seán O'Brien", "sean seán obrien o'brien o’brien"),
        ("Søren Ærø", "soren aero søren ær"),
        ("김민수", "김 민수 김민수 수"),
        ("やまだ たろう", "やま たろ ろう"),
        ("Иван Петров", "иван ПЕТР пе"),
        ("王Peter", "王 wang peter pet 王p"),
    ],
)  # fmt: skip
def test_a_name_is_found_by_its_parts(name: str, queries: str) -> None:
    customer = Customer(normalise_name(name))
    words, *phrases = queries.split("|")
    for q in (*words.split(" "), *phrases):
        assert finds(q, customer), q


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("张三丰", "三张"), ("张三丰", "zhangf"), ("张三丰", "hang"), ("张三丰", "李"), ("曾志伟", "ceng"),
        ("Anna Müller", "nna"), ("Anna Müller", "anna schmidt"), ("Li Na", "li ma"), ("张三", "张三丰"),
        ("张三", "zhangsang"), ("桑", "san g"),
    ],
)  # fmt: skip
def test_a_name_is_not_found_by_what_it_does_not_hold(name: str, q: str) -> None:
    assert not finds(q, Customer(name))


def test_whole_names_come_before_beginnings_and_those_before_parts() -> None:
    """The order of ranks: exact, beginning, inside; name, company, address, id."""
    acme = Customer("John Smith", company_name="Acme Trading Co., Ltd.")
    ranks = [
        rank("john smith", Customer("John Smith")),
        rank("王小明", Customer("Lao Wang", family_name="王", given_name="小明")),
        rank("acme trading", acme),
        rank("a@acme.com", acme, "a@acme.com"),
        rank("acme-1", acme, ids=("ACME-1",)),
        rank("91350100m000100y43", Customer("Acme", "organisation", tax_id="91350100M000100Y43")),
        rank("john", acme),
        rank("acme", acme),
        rank("a@ac", acme, "a@acme.com"),
        rank("acme-", Customer("John"), ids=("ACME-1",)),
        rank("smith", acme),
        rank("trading", acme),
        rank("gmail", acme, "a@gmail.com"),
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


@pytest.mark.parametrize(
    "q",
    ["华信", "华信科技", "华信科技有限", "北京华信科技有限公司", "北京华信", "华信科技有限公司", "科技", "有限公司",
     "公司", "huaxin", "hxkj", "bjhx", "bjhxkj"],
)  # fmt: skip
def test_a_company_is_found_by_its_core_and_by_its_form(q: str) -> None:
    assert finds(q, Customer("北京华信科技有限公司", "organisation"))
    assert finds(q, Customer("李四", company_name="北京华信科技有限公司"))


@pytest.mark.parametrize("q", ["acme", "acme ltd", "acme trading co ltd", "trading", "ltd", "Acme Trading Co., Ltd."])
def test_a_company_in_english_too(q: str) -> None:
    assert finds(q, Customer("李四", company_name="Acme Trading Co., Ltd."))


def test_the_legal_form_does_not_keep_a_company_from_being_the_whole_answer() -> None:
    company = Customer("北京华信科技有限公司", "organisation")
    assert rank("北京华信科技", company) == rank("北京华信科技有限公司", company) == 0
    assert len(tokens_of(company, [], [])) <= 6


@pytest.mark.parametrize("q", ["Zhang.San@Gmail.com", "zhang.s", "gmail.com", "@gmail.com", "gmail"])
def test_an_address_is_found_by_its_beginning_and_its_domain(q: str) -> None:
    assert finds(q, Customer("李四"), "Zhang.San@gmail.com")


def test_a_person_costs_a_row_for_each_sign_and_few_more() -> None:
    assert len(tokens_of(Customer("李娜"), [], [])) == 2
    assert len(tokens_of(Customer("张三丰"), [Mail("zsf@qq.com")], [Key("A-1")])) == 6


def test_what_is_sealed_is_in_no_token() -> None:
    """S-25: a name with a placeholder is tokenised without it."""
    stored = "王师傅\ue5a00\ue5a1备用"
    assert tokens_of(Customer(stored), [], []) == tokens_of(Customer("王师傅 备用"), [], [])
    assert all("\ue5a0" not in token and "0" not in token for token in tokens_of(Customer(stored), [], []))


_HALF = st.none() | st.text("李娜欧阳王\ufa10\ufa0e々 ·aB(", max_size=3)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(_HALF, _HALF, st.text("李娜王 \ufa10a", min_size=1, max_size=4) | st.none())
def test_a_name_made_of_its_halves_is_the_full_name(family: str | None, given: str | None, other: str | None) -> None:
    """What is known without composing the halves is what composing them says."""
    shown = other or f"{family or ''}{given or ''}" or "李"
    row = Customer(shown, given_name=given, family_name=family)
    if is_composed(row):
        assert full_name(row) in ("", shown)


def test_both_scripts_are_one() -> None:
    assert simplified("張國榮與歐陽娜娜") == "张国荣与欧阳娜娜"
    chars = "".join(written_forms().values())
    assert len(chars) == len(set(chars)) > 4_000
    assert simplified(simplified(chars)) == simplified(chars)


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("zhangsanf", ["zhang san f"]), ("zsf", ["z s f"]), ("xian", ["xi an"]), ("fangan", ["fan gan", "fang an"]),
        ("zhang", []), ("zhsf", ["zh s f", "z h s f"]), ("smith", []), ("x", []), ("x1", []), ("lyubu", ["lv bu"]),
    ],
)  # fmt: skip
def test_letters_are_cut_into_syllables_and_initials(word: str, ways: list[str]) -> None:
    found = [" ".join(part.text for part in way) for way in segmentations(word)]
    assert [way for way in ways if way not in found] == []
    assert ways or not found or not is_pinyin(word)


def test_pinyin_is_told_from_other_words() -> None:
    words = ("zhang", "wangfang", "smith", "john", "lisa", "müller")
    assert [word for word in words if is_pinyin(word)] == ["zhang", "wangfang", "lisa"]


@pytest.mark.parametrize(
    ("name", "q", "met"),
    [
        ("张三丰", "三丰", ["三丰"]), ("张三丰", "zhangsf", ["张三丰"]), ("张三丰", "zs", ["张三"]),
        ("Anna-Lena Müller", "mül", ["Mül"]), ("Anna-Lena Müller", "anna müll", ["Anna", "Müll"]),
        ("Anna-Lena Müller", "lena mu", ["Lena", "Mü"]), ("王Peter", "王pe", ["王Pe"]),
    ],
)  # fmt: skip
def test_the_answer_says_what_was_met(name: str, q: str, met: list[str]) -> None:
    plan = SearchPlan(q, EVERYWHERE)
    best = plan.best(entries(Customer(name)))
    assert best is not None
    probe = plan.probes[best[0].probe]
    words = plan.words if probe.others else ()
    ranges = found_ranges(units_of(name, person=True), best[1].at, probe.way, words)
    assert [name[start:end] for start, end in ranges] == met


def test_only_what_the_caller_may_read_is_asked_for() -> None:
    """S-61."""
    plan = SearchPlan("acme", frozenset({Letter.EMAIL, Letter.EMAIL_DOMAIN}))
    assert {probe.letter for probe in plan.probes} == {Letter.EMAIL, Letter.EMAIL_DOMAIN}
    assert plan.best(entries(Customer("Acme"), ids=("acme",))) is None
    assert SearchPlan("acme", frozenset()).probes == []


_TEXT = st.text(
    st.sampled_from(
        "张三丰王小明长孙乐单吕欧阳娜華信科技有限公司abzhsfniouüéß'’.-_%\\!@ 0179かな김민АБ\u0301\U00020000~"
    ),
    max_size=24,
)


@given(_TEXT, _TEXT, st.sampled_from(["person", "organisation"]))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_tokens_are_bounded_and_in_order(name: str, company: str, kind: str) -> None:
    customer = Customer(name, kind, company_name=company or None)
    tokens = tokens_of(customer, [], [])
    assert tokens == sorted(set(tokens))
    assert len(tokens) <= 60
    for token in tokens:
        assert 0 < len(token) <= MAX_TOKEN
        assert token[0] in set(Letter)
        assert "\x00" not in token
    assert tokens == sorted({entry.token for entry in entries(customer)})


@given(_TEXT.filter(lambda text: len(units_of(text)) > 0), st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_part_of_a_chinese_name_finds_it(text: str, data: st.DataObject) -> None:
    name = "".join(unit.sign for unit in units_of(text) if unit.sign != ".")[:8] or "张三丰"
    start = data.draw(st.integers(0, len(name) - 1))
    end = data.draw(st.integers(start + 1, len(name)))
    assert finds(name[start:end], Customer(name))
    keys = [unit.key for unit in units_of(name, person=True)]
    if all(key.isascii() and key.isalpha() for key in keys):
        cut = data.draw(st.lists(st.booleans(), min_size=end - start, max_size=end - start))
        typed = "".join(key[0] if short else key for key, short in zip(keys[start:end], cut, strict=True))
        full = "".join(keys[start:end])
        assert finds(full, Customer(name)), full
        assert len(typed) > 4 or finds("".join(key[0] for key in keys[start:end]), Customer(name)) or len(cut) > 6


@given(_TEXT)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_any_text_is_a_query(text: str) -> None:
    plan = SearchPlan(text[:MAX_QUERY], EVERYWHERE)
    assert len(plan.probes) < 3_000
    assert [probe.rank for probe in plan.probes] == sorted(probe.rank for probe in plan.probes)
    for probe in plan.probes:
        assert probe.low < probe.high
        assert any(probe.low[1:].startswith(head) for heads in plan.heads for head in heads.texts)


@given(st.lists(_TEXT, min_size=1, max_size=4), _TEXT)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_the_patterns_of_the_database_let_pass_what_the_rule_takes(names: list[str], q: str) -> None:
    """A pattern may let more pass, never less, but for what an exact probe before it has."""
    plan = SearchPlan(q, EVERYWHERE)
    for name in names:
        for token in tokens_of(Customer(name), [], []):
            place = plan.place(token)
            if place is not None:
                probe: Probe = plan.probes[place.probe]
                assert _like(probe.like, token)
                assert _like(probe.also, token)
                assert not _like(probe.unlike, token)


def _like(pattern: str, text: str) -> bool:
    """LIKE as both engines have it, with a backslash as escape."""
    regex, at = "", 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
            regex += re.escape(pattern[at])
        else:
            regex += {"%": ".*", "_": "."}.get(pattern[at], re.escape(pattern[at]))
        at += 1
    return re.fullmatch(regex, text, re.DOTALL | re.IGNORECASE) is not None
