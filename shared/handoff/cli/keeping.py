"""What a store keeps of handoffs, for an operator's terminal; never anybody's words."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from handoff import bootstrap, life
from handoff.bootstrap import PROVIDER_IDS
from handoff.cli.operating import COMMAND_SECONDS, OperationFailed, Tell
from handoff.clock import utc_now
from handoff.errors import BridgeError, CannotReplay, ConfigurationError
from handoff.model import Handoff, Job, Session
from handoff.records import Happening
from handoff.store import DeadLetter, Store
from handoff.tokens import Deadline
from handoff.vocabulary import HandoffId, JobKind

T = TypeVar("T")

# As much of a letter's id as nobody has twice.
SHOWN = 12
REPLAY_SECONDS = 20.0


def dead_letters(environ: Mapping[str, str], tell: Tell) -> None:
    """Tell of each dead letter in a line, oldest first; raises OperationFailed."""
    letters = _with_store(environ, lambda store: store.dead_letters())
    if not letters:
        tell("No dead letters.")
        return
    titles = ("ID", "SINCE", "PROVIDER", "HANDOFF", "TO", "WHAT", "TRIED", "REASON")
    for line in _table([titles, *map(_row, letters)]):
        tell(line)


def show(name: str, environ: Mapping[str, str], tell: Tell) -> None:
    """Tell the life of one handoff; raises OperationFailed when nothing is kept of it."""
    handoff = HandoffId(name)

    async def look(store: Store) -> tuple[Session, list[DeadLetter]] | None:
        for provider in PROVIDER_IDS:
            key = await store.find(provider, handoff)
            stored = await store.load(key) if key else None
            if stored is not None and stored.session is not None:
                letters = await store.dead_letters()
                return stored.session, [one for one in letters if one.job.handoff == handoff]
        return None

    found = _with_store(environ, look)
    if found is None:
        raise OperationFailed(f"Nothing is kept of a handoff {name}.")
    session, letters = found
    for line in [*_head(session, handoff), *_life(session, handoff), *_waiting(session, handoff)]:
        tell(line)
    for letter in letters:
        tell(f"dead letter {letter.id[:SHOWN]}  {_what(letter.job)}  {letter.reason}")


def replay(names: Sequence[str], everything: bool, environ: Mapping[str, str], tell: Tell) -> bool:
    """Send dead letters again and tell of each; say whether all could be.

    Raises OperationFailed when the beginning of an id means no letter, or several.
    """
    try:
        chosen, make_store = bootstrap.at_hand(environ)
    except ConfigurationError as error:
        raise OperationFailed(str(error)) from error

    async def work() -> bool:
        running = bootstrap.wire(chosen, store := make_store(), utc_now)
        try:
            letters = await store.dead_letters()
            named = [letter for name in names for letter in _named(name, letters)]
            wanted = letters if everything else list({one.id: one for one in named}.values())
            return all([await _again(one, running, tell) for one in wanted])
        finally:
            await running.close()

    return _run(work())


async def _again(letter: DeadLetter, running: bootstrap.Running, tell: Tell) -> bool:
    name, what = letter.id[:SHOWN], f"{_what(letter.job)} of {letter.job.handoff}"
    try:
        done = await running.bridge.replay(letter, Deadline.after(REPLAY_SECONDS))
    except CannotReplay as error:
        tell(f"{'kept':<9}{name}  {error}")
        return False
    why = f": {done.reason}" if done.reason else ""
    tell(f"{done.outcome:<9}{name}  {what}{why}")
    return done.outcome != "refused"


def _named(name: str, letters: Sequence[DeadLetter]) -> Sequence[DeadLetter]:
    """Return the letter whose id begins so, or all of the handoff of that name."""
    of_handoff = [one for one in letters if one.job.handoff == name]
    if of_handoff:
        return of_handoff
    found = [one for one in letters if one.id.startswith(name)] if name else []
    if len(found) != 1:
        raise OperationFailed(f"{name!r} is the id of {len(found) or 'no'} dead letters.")
    return found


def _with_store(environ: Mapping[str, str], look: Callable[[Store], Awaitable[T]]) -> T:
    try:
        make_store = bootstrap.kept(environ)
    except ConfigurationError as error:
        raise OperationFailed(str(error)) from error

    async def work() -> T:
        store = make_store()
        try:
            return await look(store)
        finally:
            await store.close()

    return _run(work())


def _run(work: Awaitable[T]) -> T:
    async def in_time() -> T:
        async with asyncio.timeout(COMMAND_SECONDS):
            return await work

    try:
        return asyncio.run(in_time())
    except (BridgeError, TimeoutError) as error:
        raise OperationFailed(str(error) or "It took too long.") from error


def _row(letter: DeadLetter) -> tuple[str, ...]:
    job = letter.job
    to = "customer" if job.kind is JobKind.DELIVER else "desk"
    known = (letter.id[:SHOWN], _second(letter.at), job.provider, job.handoff, to)
    return (*known, _what(job), str(job.attempts), letter.reason)


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _head(session: Session, name: HandoffId) -> Iterable[str]:
    handoff = session.handoff
    if handoff is None or handoff.id != name:
        yield f"handoff {name}: over, and another has followed in session {session.key}"
        return
    yield f"handoff {name}: {_standing(handoff)} at {handoff.provider}"
    yield f"session {session.key}, conversation {handoff.conversation or 'not known'}"
    waiting = handoff.last_delivery - handoff.answered
    yield f"for the customer: {handoff.last_delivery} deliveries, {waiting} not fetched yet"


def _standing(handoff: Handoff) -> str:
    reason = f" ({handoff.reason.value})" if handoff.reason else ""
    return f"{handoff.state.value}{reason}"


def _life(session: Session, handoff: HandoffId) -> list[str]:
    return _table([_happening(one) for one in life.of(session, handoff)] or [("",)])


def _happening(one: Happening) -> tuple[str, ...]:
    number = f" #{one.number}" if one.number is not None else ""
    took = f"{one.milliseconds} ms" if one.milliseconds is not None else ""
    return (_moment(one.at), one.what, f"{one.name}{number}".strip(), one.outcome, took)


def _waiting(session: Session, handoff: HandoffId) -> Iterable[str]:
    for job in session.outbox:
        if job.handoff == handoff:
            doubt = ", perhaps done already" if job.uncertain else ""
            tried = f"tried {job.attempts} times, due {_second(job.due_at)}{doubt}"
            yield f"waits  {_what(job)}: {tried}"


def _what(job: Job) -> str:
    return "agent's message" if job.kind is JobKind.DELIVER else f"{job.kind.value} #{job.id}"


def _second(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds").replace("+00:00", "Z")
