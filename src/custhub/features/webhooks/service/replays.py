"""Sending events again from the feed, as a job (W-10)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from custhub.events.envelope import CATALOGUE
from custhub.features.webhooks.errors import (
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
    WebhookEventTypeUnknown,
    WebhookReplayRunning,
)
from custhub.features.webhooks.queries import endpoint_of
from custhub.features.webhooks.queries.replays import end_of_feed, feed, known_states, place_at, waiting_replays
from custhub.features.webhooks.repository import WebhookRepository, add_deliveries, skip
from custhub.features.webhooks.rules import DeliveryState, EndpointState, ReplayOnly, is_covered
from custhub.features.webhooks.schemas.bodies import WebhookReplayStart
from custhub.features.webhooks.service.fanout import delivery_of_event, selection_of
from custhub.features.webhooks.service.parts import WebhookParts
from custhub.jobs.errors import JobCanceled
from custhub.jobs.models import UNIQUE_JOB, JobRow
from custhub.jobs.queue import enqueue
from custhub.jobs.work import JobWork
from custhub.kit.db import EngineName
from custhub.kit.db_clock import database_now
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork

KIND: Final = "webhook_replay"
_ROWS: Final[dict[EngineName, int]] = {"sqlite": 100, "postgresql": 500}
#: Between batches: new events go first anyway, this keeps the writing itself out of their way.
_PAUSE_SECONDS: Final = 0.05
#: Positions follow commits, times follow the beginning of what was committed.
_SLACK: Final = timedelta(hours=1)
_CLOSED: Final = frozenset({DeliveryState.DEAD.value, DeliveryState.SKIPPED.value})


async def start_replay(uow: UnitOfWork, parts: WebhookParts, endpoint_id: UUID, body: WebhookReplayStart) -> JobRow:
    """Queue the job. Raises WebhookEndpointNotFound, WebhookEndpointDisabled, WebhookReplayRunning."""
    record = await endpoint_of(uow, endpoint_id, locking=uow.locking)
    if record is None:
        raise WebhookEndpointNotFound
    if record.row.state != EndpointState.ACTIVE:
        raise WebhookEndpointDisabled
    unknown = [i for i, pattern in enumerate(body.types) if not is_covered(pattern, CATALOGUE)]
    if unknown:
        raise WebhookEventTypeUnknown(unknown, "types")
    number = WebhookRepository(uow).count_replay(record.health)
    args = {
        "endpoint_id": endpoint_id.hex,
        "replay": number,
        "since": None if body.since is None else body.since.isoformat(),
        "from_position": body.from_position,
        "until": None if body.until is None else body.until.isoformat(),
        # What comes later is delivered anyway.
        "upto": await end_of_feed(uow),
        "types": body.types,
        "only": body.only.value,
    }
    job = enqueue(uow, KIND, args, unique_key=f"{KIND}:{endpoint_id.hex}")
    uow.on_violation(UNIQUE_JOB, _running)
    uow.audit(Note("webhook_endpoint.replayed", "webhook_endpoint", endpoint_id, reason=f"only={body.only.value}"))
    return job


async def run_replay(parts: WebhookParts, work: JobWork) -> None:
    """Add deliveries of what the job asks for, in batches. Canceling skips those that were not sent yet."""
    endpoint_id, number = UUID(work.args["endpoint_id"]), int(work.args["replay"])
    try:
        await _replay(parts, work, endpoint_id, number)
    except JobCanceled:
        now = await database_now(parts.database, parts.clock)
        while ids := await waiting_replays(parts.database, endpoint_id, number, _ROWS["sqlite"]):
            await skip(parts.database, ids, now)
            await asyncio.sleep(0)
        raise
    endpoint = to_text(Prefix.WEBHOOK, endpoint_id)
    work.finish({"result_url": f"/v1/webhook-deliveries?endpoint={endpoint}"})


async def _replay(parts: WebhookParts, work: JobWork, endpoint_id: UUID, number: int) -> None:
    database, args = parts.database, work.args
    upto: int = args["upto"]
    after = work.cursor
    if after is None:
        after = await _start(database, args)
        await work.batch(work.unit_of_work(), cursor=after, total=max(0, upto - after))
    while after < upto:
        await work.check()
        record = await endpoint_of(database, endpoint_id)
        if record is None or record.row.state != EndpointState.ACTIVE:
            work.fail_permanently(WebhookEndpointDisabled())
        selection = selection_of(record.row)
        events = await feed(database, after, upto, _ROWS[database.name])
        end = events[-1].position or upto if len(events) == _ROWS[database.name] else upto
        chosen = [event for event in events if _asked(event.occurred_at, event.type, args) and selection.takes(event)]
        known = await known_states(database, endpoint_id, [event.id for event in chosen])
        wanted = [event for event in chosen if _is_wanted(ReplayOnly(args["only"]), known.get(event.id, ()))]
        now = await database_now(database, parts.clock)
        async with work.transaction(
            cursor=end, processed=end - after, succeeded=len(wanted), skipped=end - after - len(wanted)
        ) as connection:
            await add_deliveries(
                connection, [delivery_of_event(event, endpoint_id, now, replay=number) for event in wanted]
            )
        parts.wake.set()
        after = end
        await work.pause(_PAUSE_SECONDS)


async def _start(reader: Reader, args: Any) -> int:
    """The position behind which the replay begins."""
    if args["from_position"] is not None:
        return min(int(args["from_position"]) - 1, int(args["upto"]))
    since = datetime.fromisoformat(args["since"]) - _SLACK
    low, high = 0, int(args["upto"])
    while low < high:
        middle = (low + high) // 2
        place = await place_at(reader, middle + 1)
        if place is not None and place.position <= high and place.occurred_at < since:
            low = place.position
        else:
            high = middle
    return low


def _asked(occurred_at: datetime, name: str, args: Any) -> bool:
    if args["since"] is not None and occurred_at < datetime.fromisoformat(args["since"]):
        return False
    if args["until"] is not None and occurred_at >= datetime.fromisoformat(args["until"]):
        return False
    return not args["types"] or any(is_covered(pattern, [name]) for pattern in args["types"])


def _is_wanted(only: ReplayOnly, states: Collection[str]) -> bool:
    if only is ReplayOnly.ALL:
        return True
    if only is ReplayOnly.FAILED:
        return DeliveryState.DEAD in states and _CLOSED.issuperset(states)
    return all(state == DeliveryState.SKIPPED for state in states)


async def _running() -> HubError:
    return WebhookReplayRunning()
