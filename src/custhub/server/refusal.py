"""Why a process does not start: one line for the operator, and the exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from custhub.crypto.errors import KeyringError
from custhub.settings import Settings

FAILED = 1
USAGE = 2
#: EX_CONFIG of sysexits.h: the keys do not fit the data, or the settings cannot be read (S-15).
CONFIGURATION = 78


class Refusal(Exception):
    """The command ends here. The message is for a person and holds no secret."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def explained(settings: Settings) -> Iterator[None]:
    """Turns what the block raises, as far as it is expected, into a Refusal."""
    try:
        yield
    except KeyringError as error:
        raise Refusal(str(error), CONFIGURATION) from error
    except PermissionError as error:
        raise Refusal(f"no permission for {error.filename}") from error
    except Exception as error:
        said = _explanation(error, settings)
        if said is None:
            raise
        raise Refusal(said) from error


def _explanation(error: Exception, settings: Settings) -> str | None:
    # Not at the top: a command that a running hub answers would load all of this for nothing.
    from custhub.kit.db import DatabaseUnavailable
    from custhub.kit.directory_lock import DirectoryLocked
    from custhub.migrate import NewerDatabase

    if isinstance(error, DirectoryLocked):
        return f"{settings.data_dir} is in use by another custhub process"
    if isinstance(error, NewerDatabase):
        return f"{error}; install the newer custhub"
    if isinstance(error, DatabaseUnavailable):
        return "the database does not answer; check CUSTHUB_DATABASE_URL and the server"
    return None


def read_settings() -> Settings:
    """The settings of the environment. Raises Refusal, naming variables but no values."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(_named(detail["loc"], detail["msg"]) for detail in error.errors(include_input=False))
        raise Refusal(wrong, CONFIGURATION) from None


def _named(location: tuple[int | str, ...], message: str) -> str:
    return f"CUSTHUB_{str(location[0]).upper()}: {message}" if location else message.removeprefix("Value error, ")
