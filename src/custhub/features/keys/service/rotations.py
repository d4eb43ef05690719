"""Start a rotation. The work itself is done beside requests (tasks.py)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from custhub.crypto.keyring import Purpose
from custhub.crypto.models import KEY_REF, KeyReference
from custhub.features.keys.errors import RotationInProgress, RotationNotFound, RotationStopped
from custhub.features.keys.events import KeyRotationFailed
from custhub.features.keys.models import OPEN_ROTATION, RotationRow
from custhub.features.keys.queries import latest_rotation, open_rotations, rotation_of
from custhub.features.keys.repository import KeyRepository
from custhub.features.keys.rules import KEY_ROTATION, KeyState, Phase, RotatedPurpose, RotationState
from custhub.features.keys.service.registry import KeyRegistry
from custhub.features.keys.service.states import KeyStates, in_charge
from custhub.jobs.queue import enqueue
from custhub.jobs.states import Queue
from custhub.jobs.work import JobWork
from custhub.kit.errors import HubError
from custhub.kit.ids import Prefix, new_id, to_text
from custhub.kit.query import Reader
from custhub.kit.uow import Note, UnitOfWork


async def get_rotation(reader: Reader, rotation_id: UUID) -> RotationRow:
    """One rotation. Raises RotationNotFound."""
    row = await rotation_of(reader, rotation_id)
    if row is None:
        raise RotationNotFound
    return row


async def reopen(uow: UnitOfWork, row: RotationRow, work: JobWork) -> RotationRow:
    """Begin a rotation, or take up one that failed, with its job's commit. Raises RotationInProgress, LostRace."""
    values: dict[str, Any] = {"state": RotationState.RUNNING, "started_at": row.started_at or uow.now}
    if row.state == RotationState.FAILED:
        values |= {"reached": None, "unreadable": 0, "error": None, "finished_at": None, "job_id": work.job.id}
    uow.on_violation(OPEN_ROTATION, _in_progress)
    opened = KeyRepository(uow).change(row, values)
    await work.batch(uow)
    return opened


async def close_stopped(uow: UnitOfWork, row: RotationRow) -> None:
    """Close a rotation whose job has ended before it: everything done so far stays and is valid. Raises LostRace."""
    values = {"state": RotationState.FAILED, "error": RotationStopped.code, "finished_at": uow.now}
    closed = KeyRepository(uow).change(row, values)
    extra = {"purpose": row.purpose, "from_kid": row.from_kid, "to_kid": row.to_kid, "rows": row.unreadable}
    uow.emit(KeyRotationFailed(row.id, closed.revision, extra=extra))
    uow.audit(Note("key_rotation.failed", "key_rotation", row.id, reason=f"purpose={row.purpose} kid={row.from_kid}"))
    await uow.commit()


class RotationService:
    """Rotations of the deployment, inside one unit of work."""

    def __init__(self, uow: UnitOfWork, states: KeyStates) -> None:
        self._uow = uow
        self._states = states

    async def start(self, purpose: RotatedPurpose) -> RotationRow:
        """Queue a rotation to a new key, or the rest of one that failed.

        Raises RotationInProgress, and KeyringReadOnly where only the operator can add the key.
        """
        refs = await self._states.refresh()
        if any(row.purpose == purpose for row in await open_rotations(self._uow)):
            raise RotationInProgress
        old_kid, new_kid, phase = await self._plan(refs, purpose)
        now = self._uow.now
        row = RotationRow(
            id=new_id(),
            purpose=purpose,
            from_kid=old_kid,
            to_kid=new_kid,
            state=RotationState.QUEUED,
            phase=phase,
            total=0,
            processed=0,
            unreadable=0,
            reached=None,
            conflicts=[],
            error=None,
            request_id=self._uow.request_id,
            job_id=None,
            created_at=now,
            started_at=None,
            phase_at=now,
            finished_at=None,
            updated_at=now,
            revision=1,
        )
        job = enqueue(self._uow, KEY_ROTATION, {"rotation_id": to_text(Prefix.KEY, row.id)}, queue=Queue.MAINTENANCE)
        row = row._replace(job_id=job.id)
        KeyRepository(self._uow).start(row)
        self._uow.audit(
            Note("key_rotation.started", "key_rotation", row.id, reason=f"purpose={purpose} kid={old_kid} to={new_kid}")
        )
        for constraint in (OPEN_ROTATION, KEY_REF):
            self._uow.on_violation(constraint, _in_progress)
        return row

    async def _plan(self, refs: list[KeyReference], purpose: RotatedPurpose) -> tuple[int, int, Phase]:
        current = in_charge(refs)[purpose]
        by_state = {ref.state: ref for ref in refs if ref.purpose == purpose}
        # What an earlier rotation left unfinished is finished first.
        for state, phase in ((KeyState.NEXT, Phase.DISTRIBUTING), (KeyState.FILLING, Phase.DUAL_WRITING)):
            if state in by_state:
                return current.kid, by_state[state].kid, phase
        if KeyState.DRAINING in by_state:
            return by_state[KeyState.DRAINING].kid, current.kid, Phase.SWITCHING
        latest = await latest_rotation(self._uow, purpose)
        if latest is not None and latest.state == RotationState.FAILED and latest.to_kid == current.kid:
            return latest.from_kid, current.kid, Phase.REWRAPPING
        new = KeyRegistry(self._uow, self._states).enlist(refs, Purpose(purpose))
        return current.kid, new.kid, Phase.DISTRIBUTING


async def _in_progress() -> HubError:
    return RotationInProgress()
