"""Kinds of messages and their texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from custhub.features.messages.rules import NOTICES, Category, Channel, MessageKind, language_of
from custhub.features.messages.rules.kinds import LANGUAGES
from custhub.features.selfservice.rules import KINDS as SELF_SERVICE

ALL = (*NOTICES, *SELF_SERVICE)


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_every_kind_has_texts_in_both_languages_that_take_the_same_parameters(kind: MessageKind) -> None:
    for channel in kind.channels:
        parameters = {name: f"<{name}>" for name in kind.parameters(channel)}
        said = [kind.render(channel, language, parameters) for language in LANGUAGES]
        assert said[0].body != said[1].body
        for content in said:
            assert "$" not in content.subject + content.body
            assert bool(content.subject) == (channel is Channel.EMAIL)
            assert all(value in content.subject + content.body for value in parameters.values())


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_no_text_lies_about_for_nobody(kind: MessageKind) -> None:
    names = {f"{one.name}.{channel}.txt" for one in ALL if one.texts == kind.texts for channel in one.channels}
    for language in LANGUAGES:
        assert {path.name for path in (kind.texts / language).iterdir()} == names


def _texts(directory: Path, en: str, zh: str) -> MessageKind:
    for language, text in (("en", en), ("zh", zh)):
        (directory / language).mkdir()
        (directory / language / "x.email.txt").write_text(text, "utf-8")
    return MessageKind("x", Category.TRANSACTIONAL, frozenset((Channel.EMAIL,)), texts=directory)


@pytest.mark.parametrize(
    ("en", "zh", "fault"),
    [
        ("Subject: $a\n\n$b\n", "Subject: $a\n\n\n", "different parameters"),
        ("no subject\n", "Subject: x\n\n", "no subject"),
    ],
)
def test_texts_that_do_not_fit(tmp_path: Path, en: str, zh: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        _texts(tmp_path, en, zh).parameters(Channel.EMAIL)


def test_a_text_that_is_missing(tmp_path: Path) -> None:
    kind = _texts(tmp_path, "Subject: x\n\n", "Subject: x\n\n")
    (tmp_path / "zh" / "x.email.txt").unlink()
    with pytest.raises(ValueError, match="no zh text"):
        kind.parameters(Channel.EMAIL)
    with pytest.raises(ValueError, match="no text for sms"):
        kind.render(Channel.SMS, "en", {})


def test_parameters_are_all_or_nothing_and_a_subject_is_one_line(tmp_path: Path) -> None:
    kind = _texts(tmp_path, "Subject: $a\n\n$a $$5\n", "Subject: $a\n\n$a\n")
    for wrong in ({}, {"a": "x", "b": "y"}):
        with pytest.raises(ValueError, match="takes the parameters a"):
            kind.render(Channel.EMAIL, "en", wrong)
    content = kind.render(Channel.EMAIL, "en", {"a": "x\r\nBcc: y\u202e $b " + "z" * 300})
    assert content.subject.startswith("x Bcc: y  $b zzz")
    assert len(content.subject) <= 200
    assert "$5" in content.body


@pytest.mark.parametrize(
    ("tag", "language"),
    [("zh", "zh"), ("zh-Hans-CN", "zh"), ("ZH_tw", "zh"), ("en-GB", "en"), ("fr", "en"), ("zho", "en")],
)
def test_languages(tag: str, language: str) -> None:
    assert language_of(tag, "zh") == language


def test_without_a_language_the_default_counts() -> None:
    assert language_of(None, "zh") == language_of("", "zh") == "zh"
