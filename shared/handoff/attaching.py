"""Giving a customer's file to the agent: at once, while it comes in, and only once."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

from handoff import log
from handoff.errors import ConversationGone, ProviderError, Rejected, Unavailable
from handoff.model import Session
from handoff.providers.base import Conversation, OutgoingFile, Provider, TakesFiles
from handoff.tokens import Caller, Deadline
from handoff.vocabulary import ProviderId

# The code of the refusal where a provider, or we for it, cannot bring a file to an agent.
NOT_SUPPORTED = "files_not_supported"


async def attach(
    providers: Mapping[ProviderId, Provider],
    caller: Caller,
    session: Session,
    file: OutgoingFile,
    deadline: Deadline,
) -> None:
    """Give the file to whoever the open handoff is with; nothing is kept, nothing is repeated.

    Raises ProviderError; one that is certain says that no agent sees the file. What the file's
    bytes raise comes out as it is: no agent sees that file either.
    """
    began = monotonic()
    try:
        desk, place = _desk(providers, session)
        await caller.run(desk.attach(place, file), deadline)
    except ProviderError as error:
        _log_attempt(session, began, type(error).__name__, error)
        raise
    _log_attempt(session, began, "done")


def _desk(
    providers: Mapping[ProviderId, Provider], session: Session
) -> tuple[TakesFiles, Conversation]:
    """Return who takes the file, and where."""
    handoff = session.open_handoff
    if handoff is None:
        raise ConversationGone("no handoff is open that a file could go to")
    desk = providers.get(handoff.provider)
    if not isinstance(desk, TakesFiles):
        raise Rejected(f"{handoff.provider} takes no files", code=NOT_SUPPORTED)
    if handoff.conversation is None:
        raise Unavailable(f"{handoff.provider} has no conversation for a file yet", certain=True)
    contact = session.contacts.get(handoff.provider)
    return desk, Conversation(ref=handoff.conversation, thread=handoff.thread, contact=contact)


def _log_attempt(
    session: Session, began: float, outcome: str, error: ProviderError | None = None
) -> None:
    handoff, write = session.handoff, log.warning if error else log.info
    write(
        "attach",
        provider=handoff.provider if handoff else None,
        session=session.key,
        handoff=handoff.id if handoff else None,
        outcome=outcome,
        reason=str(error) if error else None,
        milliseconds=round(1000 * (monotonic() - began)),
    )
