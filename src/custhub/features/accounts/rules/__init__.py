"""How a caller proves who it is, and who may stand where. Pure."""

from custhub.features.accounts.rules.emails import is_email, normal_email
from custhub.features.accounts.rules.grants import LONGEST, fits
from custhub.features.accounts.rules.lockout import (
    AddressWindow,
    FailureStreak,
    address_seconds_left,
    count_address,
    count_failure,
    lock_seconds_left,
)
from custhub.features.accounts.rules.opaque import (
    BOOTSTRAP_TOKEN_SECONDS,
    RESET_TOKEN_SECONDS,
    IssuedSecret,
    new_bootstrap_token,
    new_client_secret,
    new_refresh_token,
    new_reset_token,
    secret_digest,
    secret_matches,
)
from custhub.features.accounts.rules.passwords import MAX_RAW_CHARACTERS, PasswordHasher, check_password
from custhub.features.accounts.rules.teams import would_cycle
from custhub.features.accounts.rules.totp import (
    TOTP_DIGITS,
    new_totp_secret,
    totp_code,
    totp_step,
    totp_uri,
    verify_totp,
)

__all__ = [
    "BOOTSTRAP_TOKEN_SECONDS",
    "LONGEST",
    "MAX_RAW_CHARACTERS",
    "RESET_TOKEN_SECONDS",
    "TOTP_DIGITS",
    "AddressWindow",
    "FailureStreak",
    "IssuedSecret",
    "PasswordHasher",
    "address_seconds_left",
    "check_password",
    "count_address",
    "count_failure",
    "fits",
    "is_email",
    "lock_seconds_left",
    "new_bootstrap_token",
    "new_client_secret",
    "new_refresh_token",
    "new_reset_token",
    "new_totp_secret",
    "normal_email",
    "secret_digest",
    "secret_matches",
    "totp_code",
    "totp_step",
    "totp_uri",
    "verify_totp",
    "would_cycle",
]
