"""The table of what each vendor can tell is what its samples tell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from handoff.events import Event, Unrecognized
from handoff.providers import eight_by_eight_webhooks, livechat_webhooks
from handoff.registry import PROVIDERS
from handoff.vocabulary import ProviderId
from tests.providers import eight_by_eight_world as eight
from tests.providers import livechat_world as livechat
from tests.providers.driving import Script

Told = Mapping[str, set[type[Event]]]


def told_by_livechat() -> Told:
    found: dict[str, set[type[Event]]] = {}
    for path in livechat.SAMPLES.glob("*.json"):
        events = Script().drive(livechat.livechat(bot=True).receive(livechat.webhook(path.stem)))
        known = {type(event) for event in events} - {Unrecognized}
        found.setdefault(livechat.sample(path.stem)["action"], set()).update(known)
    return found


def told_by_eight_by_eight() -> Told:
    found: dict[str, set[type[Event]]] = {}
    for path in eight.SAMPLES.glob("*.json"):
        events = Script(eight.key_answer()).drive(eight.desk().receive(eight.webhook(path.stem)))
        known = {type(event) for event in events} - {Unrecognized}
        found.setdefault(eight.sample(path.stem)["eventType"], set()).update(known)
    return found


@pytest.mark.parametrize(
    ("provider", "kinds", "told"),
    [
        ("livechat", livechat_webhooks.KINDS, told_by_livechat()),
        ("8x8", eight_by_eight_webhooks.KINDS, told_by_eight_by_eight()),
    ],
)
def test_table_is_what_the_samples_tell(
    provider: str, kinds: Mapping[str, object], told: Told
) -> None:
    table = {name: one.says for name, one in PROVIDERS.items()}[ProviderId(provider)]
    by_webhook = {word: set(events) for word, events in table.items() if word in kinds}
    assert by_webhook == {word: events for word, events in told.items() if word in kinds}
    assert set(kinds) == set(by_webhook)


def test_every_provider_is_in_a_test_here() -> None:
    assert list(PROVIDERS) == ["livechat", "8x8"]
