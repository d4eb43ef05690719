"""Attempts to log in, counted before any password is looked at (S-49)."""

from __future__ import annotations

from custhub.features.accounts.errors import AccountLocked, TooManyLogins
from custhub.features.accounts.models import LoginCounterRow
from custhub.features.accounts.queries.access import locked_counters
from custhub.features.accounts.repository import forget_counter, save_counter
from custhub.features.accounts.rules import (
    AddressWindow,
    FailureStreak,
    address_seconds_left,
    count_address,
    count_failure,
    lock_seconds_left,
)
from custhub.features.accounts.service.parts import AccountParts
from custhub.kit.db import Violation
from custhub.kit.uow import Actor, UnitOfWork
from custhub.security.addresses import address_group

_ANONYMOUS = Actor("anonymous", None)
_TRIES = 5


class Attempts:
    """Counters of accounts and addresses, in the database, so that every process sees the same.

    An attempt counts as failed from its begin until `succeeded`: a hundred at once are not a hundred guesses.
    Unknown addresses of mail count like known ones.
    """

    def __init__(self, parts: AccountParts, request_id: str) -> None:
        self._parts = parts
        self._request_id = request_id

    async def begin(self, account: str, address: str) -> None:
        """Count one attempt in a transaction of its own. Raises TooManyLogins, AccountLocked."""
        for _ in range(_TRIES):
            try:
                return await self._count(account, address)
            except Violation:
                continue  # somebody else began the same counter: now it is there
        raise TooManyLogins(1)

    def succeeded(self, uow: UnitOfWork, account: str) -> None:
        """Forget the failures of this account, with the commit of the login."""
        forget_counter(uow, self._key("account", account))

    async def _count(self, account: str, address: str) -> None:
        address_key = self._key("address", address_group(address))
        account_key = self._key("account", account)
        uow = self._parts.open_unit_of_work(_ANONYMOUS, self._request_id, locking=True)
        try:
            known = await locked_counters(uow, [address_key, account_key])
            if self._parts.settings.rate_limit == "on":
                self._count_address(uow, known.get(address_key), address_key)
            self._count_account(uow, known.get(account_key), account_key)
        except (AccountLocked, TooManyLogins):
            # The attempt of the address stays counted: knocking at a locked door is knocking.
            await uow.commit()
            raise
        except BaseException:
            await uow.rollback()
            raise
        await uow.commit()

    def _count_address(self, uow: UnitOfWork, row: LoginCounterRow | None, key: bytes) -> None:
        window = count_address(None if row is None else AddressWindow(row.tries, row.at), uow.now)
        save_counter(uow, row, LoginCounterRow(key, window.logins, window.started_at))
        left = address_seconds_left(window, uow.now)
        if left:
            raise TooManyLogins(left)

    def _count_account(self, uow: UnitOfWork, row: LoginCounterRow | None, key: bytes) -> None:
        streak = None if row is None else FailureStreak(row.tries, row.at)
        left = lock_seconds_left(streak, uow.now)
        if left:
            raise AccountLocked(left)
        streak = count_failure(streak, uow.now)
        save_counter(uow, row, LoginCounterRow(key, streak.failures, streak.last_failed_at))

    def _key(self, kind: str, value: str) -> bytes:
        return self._parts.keys.cursors.fingerprint(f"login\0{kind}\0{value}".encode("utf-8", "surrogatepass"))
