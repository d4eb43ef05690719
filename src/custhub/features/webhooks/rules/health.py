"""How an endpoint is doing: slowed down while it fails, disabled when it fails for five days (W-5, W-6)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

#: From this many failures in a row on, one probe per minute.
PROBING_AFTER: Final = 5
PROBE_EVERY: Final = timedelta(seconds=60)
#: Disabled after no success for so long, so many failures, and so long between the first and the last of them.
DISABLE_AFTER: Final = timedelta(hours=120)
DISABLE_FAILURES: Final = 10
DISABLE_SPAN: Final = timedelta(hours=12)
WARN_AFTER: Final = timedelta(hours=24)


class Health(NamedTuple):
    """Failures in a row, since when, and when the next probe may go out."""

    failures: int = 0
    failing_since: datetime | None = None
    failed_at: datetime | None = None
    succeeded_at: datetime | None = None
    probe_at: datetime | None = None
    warned_at: datetime | None = None

    @property
    def is_probing(self) -> bool:
        """Whether only one attempt a minute is allowed."""
        return self.failures >= PROBING_AFTER

    def may_send(self, now: datetime) -> bool:
        """Whether anything may be sent now."""
        return not self.is_probing or self.probe_at is None or self.probe_at <= now

    def probing(self, now: datetime) -> Health:
        """As it is while a probe is out."""
        return self._replace(probe_at=now + PROBE_EVERY) if self.is_probing else self

    def succeeded(self, now: datetime) -> Health:
        """After a success everything before is forgotten."""
        return Health(succeeded_at=now)

    def failed(self, now: datetime) -> Health:
        """After one more failure."""
        health = self._replace(failures=self.failures + 1, failing_since=self.failing_since or now, failed_at=now)
        if health.is_probing and health.probe_at is None:
            return health._replace(probe_at=now + PROBE_EVERY)
        return health

    def is_to_warn(self, now: datetime) -> bool:
        """Whether the owner is to hear that it has failed for a day."""
        since = self.failing_since
        return self.warned_at is None and since is not None and self.is_probing and now - since >= WARN_AFTER

    def is_to_disable(self, now: datetime) -> bool:
        """Whether it failed long and often enough; a failure now and then never gets here."""
        if self.failing_since is None or self.failed_at is None or self.failures < DISABLE_FAILURES:
            return False
        return now - self.failing_since >= DISABLE_AFTER and self.failed_at - self.failing_since >= DISABLE_SPAN
