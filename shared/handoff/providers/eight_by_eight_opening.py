"""Opening a conversation at 8x8, or finding the one that was opened without an answer.

https://developer.8x8.com/actions-events/docs/chat-workflow
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from handoff.errors import ProviderError, Rejected, Unavailable
from handoff.events import WentIdle
from handoff.exchange import Exchange, Json, items, obj, text
from handoff.model import Handoff
from handoff.providers.base import Opened, Opening
from handoff.providers.eight_by_eight_history import history
from handoff.providers.eight_by_eight_reading import NEWEST, said_meanwhile
from handoff.providers.eight_by_eight_wire import (
    GATEWAY,
    MARKER,
    EightByEightAccount,
    Wire,
    conversation_path,
)
from handoff.vocabulary import ConversationRef

MOST_PROPERTIES = 30

# A hundred conversations a page, newest first: an opening that was lost is seconds old.
MOST_PAGES = 5

# A conversation waits for an agent of its language; one that is not listed waits for ever.
LANGUAGES = frozenset(
    {
        *("en", "ru", "de", "ja", "es", "fr", "pt", "it", "pl", "hr", "nl", "ar"),
        *("da", "ko", "no", "sv", "vi", "cy", "th", "zh-CN", "zh-TW"),
    }
)
OTHER_LANGUAGES: Mapping[str, str] = {
    "zh": "zh-CN",
    "zh-hans": "zh-CN",
    "zh-cn": "zh-CN",
    "zh-sg": "zh-CN",
    "zh-hant": "zh-TW",
    "zh-tw": "zh-TW",
    "zh-hk": "zh-TW",
    "zh-mo": "zh-TW",
    "nb": "no",
    "nn": "no",
}

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

# Fields of the user that a label can fill; everything else is a property.
USER_FIELDS: Mapping[str, str] = {"company": "company", "caseid": "caseId"}


class Openings:
    """Opens conversations on one channel."""

    def __init__(self, account: EightByEightAccount, wire: Wire) -> None:
        self._account = account
        self._wire = wire

    def open(self, opening: Opening) -> Exchange[Opened]:
        """Open a conversation; a doubtful attempt is looked for before it is made again."""
        if opening.uncertain:
            found = yield from self._find(opening.handoff)
            if found is not None:
                return (yield from self._found(found))
            if not opening.settled:
                raise Unavailable("8x8 may still be opening the conversation", certain=False)
        if opening.abandoned:
            raise Rejected("8x8 has no conversation that was opened for this handoff")
        default = self._account.queue_id
        target = opening.handoff.target.strip() or default
        try:
            return (yield from self._create(opening, target))
        except Rejected as error:
            if assignment(target) == assignment(default) or not _names_the_queue(error):
                raise
            opened = yield from self._create(opening, default)
            remark = f"{error}: the target does not exist, the default was taken"
            return Opened(conversation=opened.conversation, remarks=(*opened.remarks, remark))

    def _create(self, opening: Opening, target: str) -> Exchange[Opened]:
        user, remarks = _user(opening.handoff)
        payload: Json = {"channelId": self._account.channel_id, "user": user}
        payload |= {"assignment": assignment(target)} if target else {}
        said = history(opening)
        payload |= {"history": {"messages": said}} if said else {}
        answer = yield from self._wire.call(
            "POST", f"{GATEWAY}/conversations", payload, call="create conversation"
        )
        ref = text(answer, "conversationId")
        if not ref:
            raise Unavailable("8x8 opened a conversation without telling its id", certain=False)
        return Opened(conversation=ConversationRef(ref), remarks=remarks)

    def _found(self, conversation: Json) -> Exchange[Opened]:
        """Return a conversation whose opening got no answer, with what was said in it meanwhile."""
        ref = ConversationRef(text(conversation, "id") or text(conversation, "conversationId"))
        try:
            page = yield from self._wire.call(
                "GET", f"{conversation_path(ref)}/{NEWEST}", call="read messages"
            )
        except ProviderError as error:  # what is told by webhooks still comes
            return Opened(conversation=ref, remarks=(f"{error}: what was said is not read",))
        rests = text(conversation, "state") == "idle"
        rest = (WentIdle(id=f"{ref}:rest", conversation=ref),) if rests else ()
        return Opened(conversation=ref, events=(*said_meanwhile(ref, page), *rest))

    def _find(self, handoff: Handoff) -> Exchange[Json | None]:
        """Look for the conversation with our id, newest first where the list can be sorted."""
        path = f"{GATEWAY}/conversations"

        def is_ours(one: Json) -> bool:
            return _marker(one) == handoff.id

        try:
            found = yield from self._wire.find(
                f"{path}?sort=createdAt:desc",
                "conversations",
                is_ours,
                call="list conversations",
                most_pages=MOST_PAGES,
            )
        except Rejected:
            found = yield from self._wire.find(
                path, "conversations", is_ours, call="list conversations", most_pages=MOST_PAGES
            )
        return found if text(found, "id") or text(found, "conversationId") else None


def assignment(target: str) -> Json:
    """Return where a conversation goes: `214` and `queue:214` are a queue, `script:77` a script."""
    kind, _, own = (one.strip() for one in target.partition(":"))
    known = own and kind in {"queue", "script"}
    return {"type": kind, "id": own} if known else {"type": "queue", "id": target.strip()}


def queue_of(target: str) -> str:
    """Return the queue that a target names, or nothing when it is no queue."""
    where = assignment(target)
    return str(where["id"]) if where["type"] == "queue" else ""


def language(wanted: str) -> str:
    """Return the vendor's code for a language tag, or nothing when it lists none."""
    tag = wanted.strip().lower().replace("_", "-")
    longest = [tag, "-".join(tag.split("-")[:2]), tag.split("-")[0]]
    mapped = (OTHER_LANGUAGES.get(one, one) for one in longest)
    return next((one for one in mapped if one in LANGUAGES), "")


def _user(handoff: Handoff) -> tuple[Json, tuple[str, ...]]:
    """Return who the customer is, with our id first; and a remark when not all of it fits."""
    customer = handoff.customer
    fields = {
        "name": customer.name,
        "email": customer.email,
        "phone": customer.phone,
        "language": language(customer.language),
        "userId": customer.id,
    }
    ours = {MARKER: str(handoff.id)} | ({"skill": handoff.skill} if handoff.skill else {})
    properties = list(ours.items())
    if customer.email and not EMAIL.fullmatch(customer.email):  # it must not cost the handoff
        properties.append(("email", fields.pop("email")))
    for label, value in handoff.attributes.items():
        if label.lower() in USER_FIELDS:
            fields[USER_FIELDS[label.lower()]] = value
        elif value and label.lower() not in ours:  # a second marker could be taken for the first
            properties.append((label, value))
    kept = [{"key": key, "value": value} for key, value in properties[:MOST_PROPERTIES]]
    left_out = len(properties) - len(kept)
    remarks = (f"8x8 takes {MOST_PROPERTIES} properties, {left_out} left out",) if left_out else ()
    known = {name: value for name, value in fields.items() if value}
    return {**known, "additionalProperties": kept}, remarks


def _marker(conversation: Json) -> str:
    properties = [obj(one) for one in items(conversation, "user", "additionalProperties")]
    ours = (text(one, "value") for one in properties if text(one, "key").lower() == MARKER)
    return next(ours, "")


def _names_the_queue(error: Rejected) -> bool:
    """Say whether a refusal is about where the conversation was to go."""
    return any(word in error.code.lower() for word in ("queue", "assignment", "script"))
