"""What `handoff setup` makes at LiveChat and what `handoff check` sees there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from handoff.errors import ProviderError, Rejected, Unavailable
from handoff.exchange import Json, Response
from handoff.providers.livechat_configuration import ACTIONS, wanted
from handoff.providers.livechat_webhooks import KINDS
from handoff.providers.operating import Finding, Outcome, Plan, Step
from handoff.signatures import plain_secret
from tests.providers.driving import Answer, Script, ok, refused
from tests.providers.livechat_world import ACCOUNT, BOT, CID, ORG, SCRIBE, livechat

URL, ELSEWHERE = "https://events.example/livechat", "https://old.example/livechat"
INFO = ok(organization_id=ORG, scope="customers:own,webhooks.configuration:rw")
ON = ok(license_webhooks_enabled=True)
PROPERTIES = ok(handoff_id={"type": "string"})
SECRET = ACCOUNT.webhook_secret.current


def listed(*found: Any) -> Response:
    return Response(status=200, body=json.dumps(found).encode())


GROUPS = listed({"id": 4, "name": "Billing"}, {"id": 7, "name": "Technical"})


def hook(action: str, url: str = URL, **more: Any) -> Json:
    described = wanted(ACCOUNT, url).mark
    return {"id": f"{action}@{url}", "action": action, "url": url, "description": described, **more}


def all_hooks(**more: Any) -> list[Json]:
    return [hook(action, **more) for action in ACTIONS]


def set_up(*answers: Answer, bot: bool = False, **plan: Any) -> tuple[Script, list[Step]]:
    """Return the calls that a set-up made, all of them answered, and what it told."""
    script, told = Script(*answers), list[Step]()
    script.drive(livechat(bot=bot).setup(Plan(**{"url": URL, **plan}), told.append))
    assert not script.left
    return script, told


def checked(
    *answers: Answer, url: str = URL, targets: Sequence[str] = (), bot: bool = False
) -> Any:
    """Return what a check found, as `(what, problem)`."""
    script, told = Script(*answers), list[Finding]()
    script.drive(livechat(bot=bot).check(url, targets, told.append))
    assert not script.left
    return [(one.what, one.problem) for one in told]


def outcomes(told: Sequence[Step]) -> dict[str, Outcome]:
    return {one.what: one.outcome for one in told}


def problems(found: Any) -> list[str]:
    return [f"{what}: {problem}" for what, problem in found if problem]


def sent(script: Script, action: str) -> list[Json]:
    return [call.json for call in script.calls if call.action == action]


def test_every_action_we_understand_is_registered_with_our_secret() -> None:
    made = [ok(id="x")] * len(ACTIONS)
    script, told = set_up(listed(), *made, ON, PROPERTIES)
    registered = sent(script, "register_webhook")
    assert [one["action"] for one in registered] == list(KINDS)
    assert {(one["url"], one["secret_key"], one["type"]) for one in registered} == {
        (URL, SECRET, "license")
    }
    assert {call.json["owner_client_id"] for call in script.calls} == {CID}
    assert SECRET not in str(told)


def test_all_that_is_there_is_found_and_nothing_is_made() -> None:
    script, told = set_up(listed(*all_hooks()), ON, PROPERTIES, bot=True)
    assert script.actions == ["list_webhooks", "get_license_webhooks_state", "list_properties"]
    assert set(outcomes(told).values()) == {Outcome.FOUND}


def test_dry_run_only_looks() -> None:
    keep = refuse_to_keep
    off = ok(license_webhooks_enabled=False)
    script, told = set_up(listed(), off, ok(), listed(), dry=True, keep_secret=keep)
    assert {one.split("_")[0] for one in script.actions} == {"list", "get"}
    expected = {Outcome.WOULD_MAKE, Outcome.WOULD_CHANGE}
    assert set(outcomes(told).values()) == expected


def test_what_goes_elsewhere_is_left_alone_and_ours_is_made_beside_it() -> None:
    there = [hook("incoming_chat", ELSEWHERE), *all_hooks()[1:]]
    script, told = set_up(listed(*there), ok(id="x"), ON, PROPERTIES)
    assert [one["action"] for one in sent(script, "register_webhook")] == ["incoming_chat"]
    assert sent(script, "unregister_webhook") == []
    [left, made] = [one for one in told if one.what == "webhook incoming_chat"]
    assert (left.outcome, made.outcome) == (Outcome.LEFT, Outcome.MADE)
    assert ELSEWHERE in left.detail


def test_replacing_registers_before_the_old_one_goes() -> None:
    there = [hook("incoming_chat", ELSEWHERE), *all_hooks()[1:]]
    script, told = set_up(listed(*there), ok(id="x"), ok(), ON, PROPERTIES, replace=True)
    assert script.actions[1:3] == ["register_webhook", "unregister_webhook"]
    assert outcomes(told)["webhook incoming_chat"] is Outcome.CHANGED


def test_replacing_makes_room_where_there_is_none() -> None:
    full = [hook("incoming_chat", f"{ELSEWHERE}{n}") for n in range(3)]
    answers = [listed(*full, *all_hooks()[1:]), ok(), ok(id="x"), ok(), ok(), ON, PROPERTIES]
    script, _ = set_up(*answers, replace=True)
    gone = "unregister_webhook"
    assert script.actions[1:5] == [gone, "register_webhook", gone, gone]


def test_replacing_takes_others_away_where_ours_is_right() -> None:
    there = [hook("incoming_chat", ELSEWHERE), *all_hooks()]
    script, _ = set_up(listed(*there), ok(), ON, PROPERTIES, replace=True)
    assert script.actions[1] == "unregister_webhook"
    assert sent(script, "register_webhook") == []


def test_replacing_dry_tells_what_would_change() -> None:
    there = [hook("incoming_chat", ELSEWHERE), *all_hooks()[1:]]
    _, told = set_up(listed(*there), ON, PROPERTIES, replace=True, dry=True)
    assert outcomes(told)["webhook incoming_chat"] is Outcome.WOULD_CHANGE


def test_registration_with_another_secret_is_seen_and_replaced() -> None:
    old = replace(ACCOUNT, webhook_secret=plain_secret("EXAMPLE-former-secret"))
    former = {"description": wanted(old, URL).mark}
    _, told = set_up(listed(*all_hooks(**former)), *[ok(id="x")] * 6, ON, PROPERTIES)
    assert "was made with another secret" in told[0].detail
    renewed = [ok(id="x"), ok()] * 6
    script, _ = set_up(listed(*all_hooks(**former)), *renewed, ON, PROPERTIES, replace=True)
    assert len(sent(script, "unregister_webhook")) == 6


@pytest.mark.parametrize(
    "more",
    [
        {"description": "made by hand"},
        {"description": None},
        {"filters": {"author_type": "agent"}},
        {"filters": {"only_my_chats": False, "source_type": None}},
        {"type": "license"},
    ],
)
def test_registration_made_by_hand_is_believed(more: Json) -> None:
    script, _ = set_up(listed(*all_hooks(**more)), ON, PROPERTIES)
    assert sent(script, "register_webhook") == []


@pytest.mark.parametrize(
    "more",
    [
        {"filters": {"author_type": "customer"}},
        {"filters": {"only_my_chats": True}},
        {"type": "bot"},
    ],
)
def test_registration_that_keeps_something_back_does_not_do(more: Json) -> None:
    script, _ = set_up(listed(*all_hooks(**more)), *[ok(id="x")] * 6, ON, PROPERTIES)
    assert len(sent(script, "register_webhook")) == 6


def test_webhooks_that_are_off_are_switched_on() -> None:
    off = ok(license_webhooks_enabled=False)
    script, told = set_up(listed(*all_hooks()), off, ok(), PROPERTIES)
    assert sent(script, "enable_license_webhooks") == [{"owner_client_id": CID}]
    assert outcomes(told)["webhooks of the organization"] is Outcome.CHANGED


def test_property_can_be_written_as_the_customer() -> None:
    script, told = set_up(listed(*all_hooks()), ON, ok(), ok())
    [made] = sent(script, "register_property")
    assert made["access"]["chat"] == {"customer": ["read", "write"], "agent": ["read"]}
    assert outcomes(told)["property handoff_id"] is Outcome.MADE


def test_bot_is_not_made_without_a_place_for_its_secret() -> None:
    _, told = set_up(listed(*all_hooks()), ON, PROPERTIES)
    assert told[-1].outcome is Outcome.LEFT
    assert "--secrets-file" in told[-1].detail


def test_bots_secret_is_kept_and_not_told() -> None:
    kept: dict[str, str] = {}
    made = ok(id="b7", secret="EXAMPLE-once")
    answers = (listed(*all_hooks()), ON, PROPERTIES, listed(), made)
    script, told = set_up(*answers, keep_secret=kept.__setitem__)
    assert kept == {"LIVECHAT_BOT_SECRET": "EXAMPLE-once"}
    assert told[-1].variable == ("LIVECHAT_BOT_ID", "b7")
    assert "EXAMPLE-once" not in str(told)
    assert sent(script, "create_bot")[0]["groups"] == [{"id": 4, "priority": "supervisor"}]


def refuse_to_keep(name: str, value: str) -> None:
    raise AssertionError(f"{name} is kept")


def test_bot_of_our_name_is_not_made_again() -> None:
    bots = listed({"id": "b7", "name": "Handoff"}, {"id": "b8", "name": "Other"})
    script, told = set_up(listed(*all_hooks()), ON, PROPERTIES, bots, keep_secret=refuse_to_keep)
    assert sent(script, "create_bot") == []
    assert (told[-1].outcome, "b7" in told[-1].detail) == (Outcome.LEFT, True)


@pytest.mark.parametrize("made", [{}, {"id": "b7"}, {"secret": "EXAMPLE-once"}])
def test_bot_without_id_or_secret_is_not_taken_for_one(made: Json) -> None:
    answers = (listed(*all_hooks()), ON, PROPERTIES, listed(), ok(**made))
    with pytest.raises(Unavailable, match="without telling"):
        set_up(*answers, keep_secret=refuse_to_keep)


@pytest.mark.parametrize(
    "nothing", [ok(), Response(status=200), Response(status=200, body=b"[oops")]
)
def test_answer_that_is_no_list_is_not_taken_for_an_empty_one(nothing: Response) -> None:
    with pytest.raises(Unavailable, match="without a list"):
        set_up(nothing)


def test_missing_right_names_its_scope() -> None:
    with pytest.raises(Rejected, match=r"needs the scope webhooks\.configuration:rw"):
        set_up(refused("authorization", 403))


def test_other_refusal_is_told_as_it_is() -> None:
    with pytest.raises(Rejected, match=r"refused list_webhooks: 422 limit_reached$"):
        set_up(refused("limit_reached"))


def test_check_finds_all_right() -> None:
    found = checked(
        *(INFO, listed(*all_hooks()), ON, GROUPS, ok(chats_summary=[])),
        targets=("7", "04"),
        bot=True,
    )
    assert problems(found) == []
    assert [what for what, _ in found][-4:] == ["group 4", "group 7", "group 04", "bot"]


@pytest.mark.parametrize("told", [{}, {"organization_id": ORG}, {"scope": "customers:own x:rw"}])
def test_check_believes_what_is_not_told(told: Json) -> None:
    assert problems(checked(ok(**told), listed(*all_hooks()), ON, GROUPS)) == []


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (refused("invalid_grant", 401), "livechat refused token info: 401 invalid_grant"),
        (Unavailable("GET host: ClientConnectorError"), "GET host: ClientConnectorError"),
        (ok(organization_id="x"), "the refresh token is not of LIVECHAT_ORGANIZATION_ID"),
        (
            ok(organization_id=ORG, scope="chats--all:rw"),
            "the app needs the scope customers:own, granted by an administrator",
        ),
    ],
)
def test_check_stops_at_wrong_credentials(answer: Answer, shown: str) -> None:
    assert problems(checked(answer)) == [f"credentials: {shown}"]


def test_check_names_what_is_not_registered() -> None:
    [problem] = problems(checked(INFO, listed(*all_hooks()[1:]), ON, GROUPS))
    expected = "webhook incoming_chat: it is not registered: `handoff setup livechat` helps"
    assert problem == expected


def test_check_names_where_a_webhook_goes_instead() -> None:
    there = [hook("incoming_chat", ELSEWHERE), *all_hooks()[1:]]
    [problem] = problems(checked(INFO, listed(*there), ON, GROUPS))
    assert problem.startswith(f"webhook incoming_chat: it goes to {ELSEWHERE}")
    assert problems(checked(INFO, listed(*there), ON, GROUPS, url="")) == []


def test_check_sees_filters_and_another_secret() -> None:
    mark = "dialogflow-live-agent-handoff, secret 00000000"
    odd = hook("incoming_chat", filters={"only_my_chats": True}, description=mark)
    [problem] = problems(checked(INFO, listed(odd, *all_hooks()[1:]), ON, GROUPS, url=""))
    assert "it has the filter only_my_chats and was made with another secret" in problem


def test_check_sees_webhooks_that_are_switched_off() -> None:
    off = ok(license_webhooks_enabled=False)
    [problem] = problems(checked(INFO, listed(*all_hooks()), off, GROUPS))
    assert "switched off" in problem


def test_check_goes_on_where_the_switch_cannot_be_seen() -> None:
    no = refused("authorization", 403)
    [problem] = problems(checked(INFO, listed(*all_hooks()), no, GROUPS))
    assert problem.endswith("the app needs the scope webhooks.state:ro")


def test_check_goes_on_where_rights_are_missing() -> None:
    no = refused("authorization", 403)
    found = problems(checked(INFO, no, no))
    assert [one.partition(": ")[0] for one in found] == ["webhooks", "groups"]
    assert "groups--all:ro" in found[1]


def test_check_names_groups_that_do_not_exist() -> None:
    found = checked(INFO, listed(*all_hooks()), ON, GROUPS, targets=("9", "billing"))
    assert problems(found) == [
        "group 9: there is no such group",
        "group billing: there is no such group",
    ]


def test_check_tries_the_bot() -> None:
    no = refused("authentication", 401)
    [problem] = problems(checked(INFO, listed(*all_hooks()), ON, GROUPS, no, bot=True))
    assert problem == "bot: livechat refused list_chats: 401 authentication"


def test_check_asks_with_the_app_and_the_bot() -> None:
    script = Script(INFO, listed(*all_hooks()), ON, GROUPS, ok())
    script.drive(livechat(bot=True).check(URL, (), lambda _: None))
    assert [call.token for call in script.calls] == [f"livechat:agent:{CID}"] * 4 + [
        f"livechat:bot:{BOT}"
    ]
    assert SCRIBE.secret.current not in str([call.request for call in script.calls])


@pytest.mark.parametrize("kind", [Unavailable, Rejected])
def test_failure_on_the_way_ends_the_set_up(kind: type[ProviderError]) -> None:
    with pytest.raises(kind):
        set_up(listed(), kind("no answer"))
