"""What we put into LiveChat: events, session fields, the transcript.

https://platform.text.com/docs/messaging/customer-chat-api/data-structures/
"""

from __future__ import annotations

from handoff.exchange import Json
from handoff.model import Handoff, Message
from handoff.providers.base import Opening
from handoff.vocabulary import Participant
from handoff.words import parts

# https://platform.text.com/docs/messaging/customer-chat-api/data-structures/#message
# 16 KB of UTF-8; the last few hundred bytes are left to whoever counts differently.
LONGEST_TEXT = 16_000
MOST_SESSION_FIELDS = 100

SPEAKERS = {Participant.CUSTOMER: "Customer", Participant.BOT: "Bot", Participant.AGENT: "Agent"}


def session_fields(handoff: Handoff) -> list[Json]:
    """Return what the desk shows beside the chat: one pair an entry, in order, not too many."""
    customer = handoff.customer
    pairs: dict[str, str] = {
        "handoff_id": handoff.id,
        "customer_id": customer.id,
        "phone": customer.phone,
        "language": customer.language,
        "skill": handoff.skill,
    }
    pairs |= {label: value for label, value in handoff.attributes.items() if label not in pairs}
    filled = [{name: value} for name, value in pairs.items() if value]
    return filled[:MOST_SESSION_FIELDS]


def message_events(words: str, client_id: str) -> list[Json]:
    """Return the events that say `words`, each short enough, each with an id of ours."""
    pieces = parts(words, LONGEST_TEXT)
    ids = [client_id] + [f"{client_id}.{number}" for number in range(1, len(pieces))]
    return [
        {"type": "message", "text": piece, "custom_id": own}
        for piece, own in zip(pieces, ids, strict=True)
    ]


def transcript_events(opening: Opening) -> list[Json]:
    """Return the events that tell the agent what was said to the bot before."""
    if not opening.transcript:
        return []
    header = f"Before this chat (handoff {opening.handoff.id}):"
    lines = "\n".join([header, *map(transcript_line, opening.transcript)])
    return message_events(lines, f"{opening.handoff.id}-t")


def transcript_line(message: Message) -> str:
    """Write one line of the transcript, its speaker told apart."""
    return f"{message.name or SPEAKERS[message.author]}: {message.text}"
