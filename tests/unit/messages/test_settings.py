"""Settings of mail server and provider."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from custhub.settings import Settings


def test_m3_starttls_is_the_default() -> None:
    assert Settings().smtp_security == "starttls"


def test_a_password_never_goes_out_in_clear() -> None:
    with pytest.raises(ValidationError, match="without TLS"):
        Settings(smtp_security="none", smtp_username="hub", smtp_password="secret")


@pytest.mark.parametrize("name", ["smtp_callback_secret", "sms_callback_secret"])
def test_m4_a_callback_secret_is_long_or_there_is_none(name: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: "short"})
    assert Settings.model_validate({name: ""})
    assert Settings.model_validate({name: "0123456789abcdef"})


def test_secrets_do_not_show() -> None:
    shown = repr(
        Settings(
            smtp_password="hidden-1",
            sms_token="hidden-2",
            smtp_callback_secret="hidden-3-long-enough",
            sms_callback_secret="hidden-4-long-enough",
        )
    )
    assert "hidden" not in shown


@pytest.mark.parametrize("sender", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c", "a@b c"])
def test_the_sender_is_an_address(sender: str) -> None:
    with pytest.raises(ValidationError):
        Settings(smtp_from=sender)
