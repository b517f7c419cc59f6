"""The archives as the platform runs them: a short story through all functions, and their starts."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from handoff.cli.processes import ProcessError, free_port
from handoff.texts import TEXTS
from terraform.scripts import smoke
from tests.archives.deployment import PROJECT, process, wait_until_up
from tests.archives.front import fronts, token
from tests.archives.town import SECRETS, Town
from tests.whole.house import PATIENCE, House, state, texts, until
from tests.whole.pages import Page, ids

WARNING = TEXTS["en"]["inactive_warning"]

# What a cold start must not pay for, and what only people and tests use.
UNWANTED = re.compile(r"(google\.cloud\.dialogflow(cx)?|handoff\.cli|demo|tests|pytest)(\..*)?")
LOADED = """
import json, sys
sys.path.insert(0, ".")
import main
print(json.dumps({name: getattr(one, "__file__", "") or "" for name, one in sys.modules.items()}))
"""


def at_desk(one: House) -> list[str]:
    return [event.get("text", "") for event in one.chat()["events"]]


def is_told(page: Page, text: str) -> None:
    until(lambda: text in page.texts())


def test_archives_alone_carry_a_handoff_from_its_first_word_to_its_end(
    stage: Town, working: House
) -> None:
    house = working
    house.say("opening hours")
    page = Page.of(house, house.say("Can I talk to someone about my invoice?"))
    assert page.call("GET", "/v1/handoff-messenger.js").status_code == 200
    until(lambda: house.at_desk("chats")["chats"])
    with page.listening():
        house.agent_says("Hello, how can I help? 🌷")
        is_told(page, "Hello, how can I help? 🌷")
        assert page.say("It is about\ninvoice 7", "m1").status_code == 202
        until(lambda: "It is about\ninvoice 7" in at_desk(house))
        house.agent_says("Which of the two?")
        is_told(page, WARNING)  # nobody but Cloud Tasks and `wake` can have seen to that
        house.do("close")
        until(lambda: page.events[-1].get("state") == "closed")
    assert ids(page) == list(range(1, len(page.events) + 1))
    shown = house.say("thanks, and your opening hours?")
    assert texts(shown) != []
    assert state(shown)["handoff_state"] == "closed"
    assert {one.status for one in stage.tasks.attempts} == {200}
    assert house.sweep() == {"woken": 0, "failed": 0}
    assert house.lines() != []
    house.prove_silence()


def test_smoke_test_finds_them_well_and_leaves_no_trace(working: House) -> None:
    behind = {name: plan.address for name, plan in working.plans.items()}
    with fronts(behind) as urls:
        webhooks = {one: f"{urls['agent_events']}/{one}" for one in ("livechat", "8x8")}
        outputs = {"urls": {"value": urls}, "webhooks": {"value": webhooks}}
        assert smoke.run(smoke.checks(outputs), PATIENCE, token) == []
        outputs["urls"]["value"] = {**urls, "wake": behind["wake"]}
        assert smoke.run(smoke.checks(outputs), 0.0, token) == ["wake"]
    assert working.sweep() == {"woken": 0, "failed": 0}


def test_function_without_its_secrets_does_not_start_and_names_all(stage: Town) -> None:
    nobody = {name: f"sm://{PROJECT}/{name}-of-another" for name in SECRETS}
    site = stage.sites["agent_events"]
    site = replace(site, port=free_port(), variables={**site.variables, **nobody})
    with process(site) as one, pytest.raises(ProcessError) as caught:
        wait_until_up(one)
    for reference in nobody.values():
        assert f"{reference}: not found" in str(caught.value)


def test_start_loads_nothing_that_only_others_need(stage: Town) -> None:
    for site in stage.sites.values():
        done = site.run("-c", LOADED)
        assert done.returncode == 0, done.stderr
        loaded = json.loads(done.stdout)
        assert [one for one in loaded if UNWANTED.fullmatch(one)] == []
        ours = {path for name, path in loaded.items() if name.partition(".")[0] == "handoff"}
        assert {path for path in ours if not path.startswith(str(site.folder))} == set()
