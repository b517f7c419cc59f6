"""What a bot shows, texts and cards alike, as lines of the transcript; both dialects in one.

https://docs.cloud.google.com/dialogflow/cx/docs/reference/rest/v3/ResponseMessage
https://docs.cloud.google.com/dialogflow/es/docs/reference/rest/v2/projects.agent.intents#Message
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import unescape
from itertools import chain, islice
from typing import Any

from handoff.dialogflow.turn import MOST_LINES
from handoff.exchange import Json, items, obj, text
from handoff.model import Card, Link, Message
from handoff.vocabulary import Participant

LONGEST_ADDRESS = 2_000
ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)

# Where an element keeps what it leads to and its picture: now, and in the widgets before.
# https://docs.cloud.google.com/dialogflow/cx/docs/concept/integration/dialogflow-messenger/fulfillment
ADDRESSES = (("anchor", "href"), ("link",), ("actionLink",), ("postback",))
PICTURES = (("rawUrl",), ("image", "rawUrl"), ("image", "src", "rawUrl"), ("imageUri",))

# Elements that are pressed as a whole, and where others keep what there is to press.
PRESSED = frozenset({"button", "list"})
CHOICES = ("options", "buttons", "files", "citations")


def lines(messages: Iterable[Any], utterance: str) -> tuple[Message, ...]:
    """Return a line for each thing that the bot's messages show, in order."""
    cards = chain.from_iterable(map(_cards, messages))
    shown = (line for one in cards if (line := _line(one, utterance)).text)
    return tuple(islice(shown, MOST_LINES))


def _line(card: Card, utterance: str) -> Message:
    """Return what a card says; mere words are a line without a card."""
    is_card = card.title or card.image or card.links
    return Message(
        author=Participant.BOT,
        text=_words(card),
        utterance=utterance,
        card=card if is_card else None,
    )


def _words(card: Card) -> str:
    pressed = (_pressed(one) for one in card.links)
    return "\n".join(filter(None, (card.title, card.text, card.image, *pressed)))


def _pressed(link: Link) -> str:
    """Write something to press; one without an address is answered with its words."""
    return ": ".join(filter(None, (link.title, link.url))) if link.url else f"• {link.title}"


def _cards(message: Any) -> Iterable[Card]:
    known = obj(message)
    return chain.from_iterable(
        read(obj(known, name)) for name, read in MEMBERS.items() if name in known
    )


def _text(member: Json) -> list[Card]:
    """Return one line: several strings are variants of it."""
    return [Card(text=one) for one in _strings(member, "text")[:1]]


def _quick_replies(member: Json) -> list[Card]:
    return [Card(title=text(member, "title"), links=_links(items(member, "quickReplies")))]


def _rich_content(payload: Json) -> list[Card]:
    """Return a card for each list of elements: they are drawn as one."""
    groups = [one if isinstance(one, list) else [one] for one in items(payload, "richContent")]
    return [_together([_element(one) for one in group]) for group in groups]


def _together(parts: Sequence[Card]) -> Card:
    """Return one card of all its parts; it has room for one title and one picture."""
    shown = [one for one in parts if one != Card()] or [Card()]
    first, *others = shown
    said = [first.text, *chain.from_iterable((one.title, one.text) for one in others)]
    pictures = [one.image for one in shown if one.image]
    more = (Link(title="", url=one) for one in pictures[1:])
    return Card(
        title=first.title,
        text="\n".join(filter(None, said)),
        image=next(iter(pictures), ""),
        links=(*chain.from_iterable(one.links for one in shown), *more),
    )


def _element(element: Any) -> Card:
    """Return one element, by the fields it has: their names mean the same in every type."""
    if text(element, "type") in PRESSED:
        return Card(links=_links([element]))
    said = [text(element, "subtitle"), text(element, "accessibilityText"), _html(element)]
    url = _address(element, ADDRESSES)
    own = (Link(title="", url=url),) if url else ()
    return Card(
        title=text(element, "title"),
        text="\n".join(filter(None, (*said, *_strings(element, "text")))),
        image=_address(element, PICTURES),
        links=(*own, *chain.from_iterable(_links(items(element, name)) for name in CHOICES)),
    )


def _html(element: Any) -> str:
    return " ".join(unescape(TAG.sub(" ", text(element, "html"))).split())


def _links(choices: Iterable[Any]) -> tuple[Link, ...]:
    return tuple(link for one in choices if (link := _link(one)) != Link(title=""))


def _link(choice: Any) -> Link:
    if isinstance(choice, str):
        return Link(title=choice)
    names = (text(choice, name) for name in ("text", "title", "name"))
    said = (next(filter(None, names), ""), text(choice, "subtitle"))
    return Link(title=" – ".join(filter(None, said)), url=_address(choice, ADDRESSES))


def _address(thing: Any, paths: Iterable[tuple[str, ...]]) -> str:
    """Return the first web address at one of the paths, or nothing: others are not for people."""
    found = (text(thing, *path) for path in paths)
    usable = (one for one in found if len(one) <= LONGEST_ADDRESS and ADDRESS.fullmatch(one))
    return next(usable, "")


def _strings(thing: Any, name: str) -> list[str]:
    """Return the strings in a list, or the only one."""
    one = text(thing, name)
    return [one] if one else [one for one in items(thing, name) if isinstance(one, str)]


MEMBERS: Mapping[str, Callable[[Json], Iterable[Card]]] = {
    "text": _text,
    "outputAudioText": _text,
    "quickReplies": _quick_replies,
    "image": lambda member: [_element(member)],
    "card": lambda member: [_element(member)],
    "payload": _rich_content,
}
