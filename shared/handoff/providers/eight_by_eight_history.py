"""What was said before, as the history that a conversation begins with.

https://developer.8x8.com/actions-events/docs/conversation
"""

from __future__ import annotations

from collections.abc import Sequence

from handoff.exchange import Json
from handoff.model import Card, Link, Message
from handoff.providers.base import Opening
from handoff.providers.eight_by_eight_cards import ADAPTIVE
from handoff.vocabulary import Participant
from handoff.words import parts

MOST_MESSAGES = 200

# The agent's own box takes 5 000 characters; how long a text may be is not published.
LONGEST_TEXT = 5_000
CARD_VERSION = "1.3"

SPEAKERS = {Participant.CUSTOMER: "Customer", Participant.BOT: "Bot", Participant.AGENT: "Agent"}


def history(opening: Opening) -> list[Json]:
    """Return all that was said, with the words that asked for a person last.

    Files of the bot cannot be here: they would need a conversation that does not exist yet.
    """
    request = opening.handoff.request
    lines = list(opening.transcript)
    lines += [Message(author=Participant.CUSTOMER, text=request)] if request else []
    entries = [entry for line in lines for entry in _entries(line)]
    if len(entries) <= MOST_MESSAGES:
        return entries
    return _folded(lines)


def _entries(line: Message) -> list[Json]:
    """Return one line as one or, where it is long, several messages; a card comes with the last."""
    author = "user" if line.author is Participant.CUSTOMER else "bot"
    said = _named(line) if line.author is Participant.AGENT else line.text
    pieces = filter(None, parts(said, LONGEST_TEXT))
    entries: list[Json] = [{"authorType": author, "text": one} for one in pieces]
    if line.card is not None:
        entries = entries or [{"authorType": author}]
        entries[-1]["cards"] = [{"contentType": ADAPTIVE, "content": _adaptive(line.card)}]
    return entries


def _folded(lines: Sequence[Message]) -> list[Json]:
    """Return the newest lines as they are, and the older ones written together before them."""
    newest: list[Json] = []
    older = list(lines)
    while len(newest) + len(entries := _entries(older[-1])) <= MOST_MESSAGES // 2:
        newest = entries + newest
        older.pop()
    together = parts("\n".join(map(_named, older)), LONGEST_TEXT)
    first = [{"authorType": "bot", "text": one} for one in together]
    return first[-(MOST_MESSAGES - len(newest)) :] + newest


def _named(line: Message) -> str:
    return f"{line.name or SPEAKERS[line.author]}: {line.text}"


def _adaptive(card: Card) -> Json:
    """https://adaptivecards.io/explorer/AdaptiveCard.html"""
    body: list[Json] = []
    if card.title:
        body.append({"type": "TextBlock", "text": card.title, "weight": "Bolder", "wrap": True})
    if card.text:
        body.append({"type": "TextBlock", "text": card.text, "wrap": True})
    if card.image:
        body.append({"type": "Image", "url": card.image})
    body += [{"type": "TextBlock", "text": f"• {one.title}"} for one in card.links if not one.url]
    actions = [_action(one) for one in card.links if one.url]
    shown: Json = {"type": "AdaptiveCard", "version": CARD_VERSION, "body": body}
    return {**shown, "actions": actions} if actions else shown


def _action(link: Link) -> Json:
    return {"type": "Action.OpenUrl", "title": link.title or link.url, "url": link.url}
