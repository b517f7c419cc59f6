"""What every provider must keep: a suite that a provider inherits by giving one table."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from handoff import lifecycle
from handoff.errors import BadRequest, ProviderError, Unauthenticated
from handoff.events import AgentReplied, Event, Unrecognized
from handoff.exchange import Inbound, Request, Response
from handoff.model import Contact, Handoff, Session
from handoff.providers.base import (
    ConfirmsEnd,
    Conversation,
    Identifies,
    Opening,
    Outgoing,
    OutgoingFile,
    Provider,
    Reads,
    Reroutes,
    ShowsTyping,
    TakesFiles,
    TakesNotes,
    TellsAvailability,
)
from handoff.rules import Rules
from handoff.vocabulary import Dialect, SessionId, SessionKey, State
from tests.fakes import FixedClock
from tests.forms import stream

MOST_CALLS = 20
BAD_ANSWERS = (
    Response(status=200),
    Response(status=200, body=b"[]"),
    Response(status=302),
    Response(status=401),
    Response(status=429),
    Response(status=500, body=b"<html>"),
)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One provider and samples of its wire.

    `words` is a genuine webhook with an agent's text for `handoff`, `echo` one with our own
    text, `forged` are copies that must be refused. `stale` is genuine but old, where the vendor
    signs a time. `yes` answers any call as the vendor does when all is well.
    """

    provider: Provider
    handoff: Handoff
    contact: Contact | None
    words: Inbound
    text: str
    echo: Inbound
    unknown: Inbound
    forged: Mapping[str, Inbound]
    yes: Callable[[Request], Response]
    stale: Inbound | None = None


def run(exchange: Generator[Request, Response, Any], answer: Callable[[Request], Response]) -> Any:
    """Return an exchange's result; it may yield nothing but requests, and not for ever."""
    try:
        request: object = next(exchange)
        for _ in range(MOST_CALLS):
            assert isinstance(request, Request)
            assert urlsplit(request.url).scheme in {"http", "https"}
            request = exchange.send(answer(request))
    except StopIteration as result:
        return result.value
    raise AssertionError(f"more than {MOST_CALLS} calls")


class ProviderContract:
    """Inherit this as `class TestName(ProviderContract)` and set `case`."""

    case: ClassVar[Case]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Give a test one of the forged webhooks, verbs or bad answers at a time."""
        if "forgery" in metafunc.fixturenames:
            metafunc.parametrize("forgery", list(self.case.forged))
        if "verb" in metafunc.fixturenames:
            metafunc.parametrize("verb", list(verbs(self.case)))
        if "bad" in metafunc.fixturenames:
            metafunc.parametrize("bad", BAD_ANSWERS, ids=lambda one: f"{one.status}{one.body!r}")

    def receive(self, request: Inbound) -> tuple[Event, ...]:
        """Return the events in a webhook."""
        events: tuple[Event, ...] = run(self.case.provider.receive(request), self.case.yes)
        return events

    def test_agents_words_reach_the_customer(self) -> None:
        after = applied(self.case, self.receive(self.case.words))
        assert after.handoff is not None
        assert [one.text for one in after.handoff.deliveries] == [self.case.text]

    def test_forged_webhook_is_refused(self, forgery: str) -> None:
        with pytest.raises((Unauthenticated, BadRequest)):
            self.receive(self.case.forged[forgery])

    @pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[]", b"null", b"0"])
    def test_body_of_anything_else_is_refused(self, body: bytes) -> None:
        with pytest.raises((Unauthenticated, BadRequest)):
            self.receive(replace(self.case.words, body=body))

    def test_stale_webhook_is_refused_where_the_time_is_signed(self) -> None:
        assert (self.case.stale is not None) is self.case.provider.capabilities.signed_time
        if self.case.stale is not None:
            with pytest.raises(Unauthenticated):
                self.receive(self.case.stale)

    def test_unknown_kind_survives(self) -> None:
        events = self.receive(self.case.unknown)
        assert all(type(one) is Unrecognized for one in events)

    def test_same_bytes_give_the_same_events(self) -> None:
        first = self.receive(self.case.words)
        assert first == self.receive(self.case.words)
        assert all(one.id for one in first)

    def test_fact_told_twice_has_the_effect_of_one(self) -> None:
        events = self.receive(self.case.words)
        once = applied(self.case, events)
        assert applied(self.case, (*events, *events)).handoff == once.handoff

    def test_echo_is_ignored(self) -> None:
        events = self.receive(self.case.echo)
        assert applied(self.case, events) == session(self.case)

    def test_verb_is_an_exchange(self, verb: str) -> None:
        exchange = verbs(self.case)[verb]()
        assert isinstance(exchange, Generator)
        run(exchange, self.case.yes)

    def test_verb_raises_nothing_but_provider_errors(self, verb: str, bad: Response) -> None:
        try:
            run(verbs(self.case)[verb](), lambda _request: bad)
        except ProviderError:
            return

    def test_capabilities_agree_with_what_can_be_asked(self) -> None:
        provider, can = self.case.provider, self.case.provider.capabilities
        promised = {
            TellsAvailability: can.availability,
            TakesNotes: can.transcript_as_note,
            ConfirmsEnd: can.leaving_ends,
            TakesFiles: can.files_to_agent,
            ShowsTyping: can.typing_to_agent,
        }
        assert [one for one, is_promised in promised.items() if is_promised] == [
            one
            for one, is_promised in promised.items()
            if is_promised and isinstance(provider, one)
        ]

    def test_webhooks_are_proved_somehow(self) -> None:
        can = self.case.provider.capabilities
        assert can.shared_secret_webhooks or can.signed_webhooks
        assert can.signed_webhooks or not can.signed_time

    def test_words_come_with_the_ids_that_find_their_session(self) -> None:
        [words] = [one for one in self.receive(self.case.words) if isinstance(one, AgentReplied)]
        assert words.conversation == self.case.handoff.conversation


def verbs(case: Case) -> dict[str, Callable[[], Generator[Request, Response, Any]]]:
    """Return every verb that the provider has, ready to be called."""
    provider, handoff = case.provider, case.handoff
    assert handoff.conversation is not None
    place = Conversation(ref=handoff.conversation, thread=handoff.thread, contact=case.contact)
    opening = Opening(handoff=handoff, contact=case.contact, transcript=())
    doubtful = replace(opening, uncertain=True)
    message = Outgoing(text="Hello 👋", client_id=f"{handoff.id}-2")
    found: dict[str, Callable[[], Generator[Request, Response, Any]]] = {
        "open": lambda: provider.open(opening),
        "open_doubtful": lambda: provider.open(doubtful),
        "send": lambda: provider.send(place, message),
        "send_doubtful": lambda: provider.send(place, replace(message, uncertain=True)),
        "close": lambda: provider.close(place),
    }
    if isinstance(provider, Identifies):
        identifies = provider
        found["identify"] = lambda: identifies.identify(handoff.customer)
    if isinstance(provider, TellsAvailability):
        tells = provider
        found["availability"] = lambda: tells.availability(handoff.target, case.contact)
    if isinstance(provider, TakesNotes):
        takes = provider
        found["note"] = lambda: takes.note(place, opening)
    return found | optional_verbs(provider, place)


def optional_verbs(
    provider: Provider, place: Conversation
) -> dict[str, Callable[[], Generator[Request, Response, Any]]]:
    """Return the verbs that only some providers have, and that need a conversation alone."""
    found: dict[str, Callable[[], Generator[Request, Response, Any]]] = {}
    if isinstance(provider, ConfirmsEnd):
        found["confirm_end"] = partial(provider.confirm_end, place)
    if isinstance(provider, TakesFiles):
        takes = provider
        found["attach"] = lambda: takes.attach(place, a_file())
    if isinstance(provider, ShowsTyping):
        found["typing"] = partial(provider.typing, place)
    if isinstance(provider, Reroutes):
        found["reroute"] = partial(provider.reroute, place, "7")
    if isinstance(provider, Reads):
        found["read"] = partial(provider.read, place)
    return found


def a_file() -> OutgoingFile:
    """Return a file that nobody has read yet."""
    content = stream(b"a", size=1)
    return OutgoingFile(client_id="c", name="a.txt", content_type="text/plain", content=content)


def session(case: Case) -> Session:
    """Return a session whose customer talks with a person in the case's conversation."""
    known = case.contact
    contacts: dict[str, Contact] = {case.provider.id: known} if known else {}
    return Session(
        key=SessionKey("k"),
        id=SessionId("s"),
        dialect=Dialect.CX,
        handoff=replace(case.handoff, state=State.ACTIVE),
        contacts=contacts,
    )


def applied(case: Case, events: tuple[Event, ...]) -> Session:
    """Return that session after these events."""
    after = session(case)
    for event in events:
        after = lifecycle.apply(after, event, Rules(), FixedClock().now)
    return after
