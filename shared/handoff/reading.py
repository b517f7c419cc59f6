"""What was read in a conversation and is told by a webhook later: it counts once.

A vendor may keep no id that both have, so words are told again when they are the same, by the same
agent, and no younger than what was read.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta

from handoff.events import AgentReplied, Event, FileShared
from handoff.model import Handoff

# A message and the webhook that tells of it have times of their own, a moment apart.
APART = timedelta(seconds=1)
MOST_READ = 100


def remembered(handoff: Handoff, event: Event) -> Handoff:
    """Return the handoff that knows what was read."""
    if not event.read or not isinstance(event, AgentReplied | FileShared) or event.at is None:
        return handoff
    until = max(event.at, handoff.read_until or event.at)
    read = (*handoff.read, _digest(event))[-MOST_READ:]
    return replace(handoff, read=read, read_until=until)


def was_read(handoff: Handoff, event: Event) -> bool:
    """Say whether a webhook tells what was read before."""
    if event.read or not isinstance(event, AgentReplied | FileShared):
        return False
    if event.at is None or handoff.read_until is None:
        return False
    return event.at <= handoff.read_until + APART and _digest(event) in handoff.read


def _digest(event: AgentReplied | FileShared) -> str:
    said = event.text if isinstance(event, AgentReplied) else ""
    kind = type(event).__name__
    told = f"{kind}\x1f{event.author}\x1f{said}".encode("utf-8", "replace")
    return hashlib.sha256(told).hexdigest()[:16]
