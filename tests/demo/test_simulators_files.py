"""What the simulated desks take as a file, how long they keep it, and what agents send."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from demo.livechat.cdn import FILE_LIMIT
from demo.vendor.forms import read_form
from tests.demo import eight_by_eight_bench as eight
from tests.demo import livechat_bench as lc
from tests.forms import PNG, Form, field_part, file_part, form


@pytest.fixture(scope="module")
def server() -> Iterator[lc.Bench]:
    with lc.running() as one:
        yield one


@pytest.fixture
def bench(server: lc.Bench) -> lc.Bench:
    return server.reset()


@pytest.fixture(scope="module")
def world() -> Iterator[eight.World]:
    with eight.running() as one:
        yield one


def test_form_is_read_part_by_part() -> None:
    one = form(PNG, "März.png")
    marker, file = read_form(one.head["content-type"], one.raw)
    assert (marker.name, marker.filename, bytes(marker.data)) == ("id", "", b"m-1")
    assert (file.name, file.filename, file.content_type) == ("file", "März.png", "image/png")
    assert bytes(file.data) == PNG


def test_what_is_no_whole_form_is_none() -> None:
    half, kind = Form(parts=(file_part(PNG),), ending=b""), form().head["content-type"]
    with pytest.raises(ValueError, match="not a whole form"):
        read_form(kind, half.raw)
    with pytest.raises(ValueError, match="no form"):
        read_form("text/plain", form().raw)


def upload(bench: lc.Bench, one: Form) -> requests.Response:
    return requests.post(
        f"{bench.base}/v3.6/customer/action/upload_file",
        params={"organization_id": bench.account.organization_id},
        headers={
            "Authorization": f"Bearer {bench.customer().token}",
            "Content-Type": one.head["content-type"],
        },
        data=one.raw,
        timeout=30,
    )


@pytest.mark.parametrize(
    "one",
    [
        form(PNG),
        Form(parts=(file_part(PNG), file_part(PNG))),
        Form(parts=(file_part(PNG).replace(b'"file"', b'"image"'),)),
        Form(parts=(field_part("file", "x"),)),
        Form(parts=(file_part(PNG),), ending=b"-"),
    ],
    ids=["another part", "two", "another name", "no file name", "not whole"],
)
def test_upload_is_one_whole_part(bench: lc.Bench, one: Form) -> None:
    assert lc.error(upload(bench, one)) == (400, "validation")


def test_only_a_file_that_is_used_lives_on(bench: lc.Bench) -> None:
    customer = bench.customer()
    one = Form(parts=(file_part(PNG),))
    unused, used = (upload(bench, one).json()["url"] for _ in range(2))
    event = {"type": "file", "url": used}
    customer.ok("send_event", {"chat_id": customer.start(), "event": event})
    assert [requests.get(url, timeout=9).status_code for url in (unused, used)] == [200, 200]
    bench.clock.advance(hours=25)
    assert [requests.get(url, timeout=9).status_code for url in (unused, used)] == [404, 200]


def sent(address: str, **parts: Any) -> requests.Response:
    named = {name: one if isinstance(one, tuple) else (None, one) for name, one in parts.items()}
    return requests.post(f"{address}/upload", files=named, timeout=30)


def test_agents_upload_reaches_the_customers_webhook(bench: lc.Bench) -> None:
    chat = bench.customer().start()
    address = f"{bench.base}/desk/chats/{chat}"
    answer = sent(address, agent=lc.MARA, file=("a.png", PNG, "image/png"))
    assert answer.json()["events"][-1]["type"] == "file"
    event = bench.hooks("incoming_event")[-1]["payload"]["event"]
    assert (event["name"], event["content_type"], event["size"]) == ("a.png", "image/png", len(PNG))
    assert event["url"].startswith(f"{bench.base}/cdn/")
    assert requests.get(event["url"], timeout=9).content == PNG


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"agent": lc.TOBIAS, "file": ("a.png", PNG)}, (403, "authorization")),
        ({"agent": "nobody", "file": ("a.png", PNG)}, (404, "not_found")),
        ({"agent": lc.MARA, "file": ("a.exe", PNG)}, (400, "validation")),
        ({"agent": lc.MARA, "file": ("a", bytes(FILE_LIMIT + 1))}, (413, "entity_too_large")),
        ({"agent": lc.MARA}, (400, "validation")),
        ({"agent": lc.MARA, "file": "words"}, (400, "validation")),
    ],
)
def test_agents_upload_is_refused(
    bench: lc.Bench, parts: dict[str, Any], expected: tuple[int, str]
) -> None:
    chat = bench.customer().start()
    assert lc.error(sent(f"{bench.base}/desk/chats/{chat}", **parts)) == expected
    assert lc.error(sent(f"{bench.base}/desk/chats/none", **parts))[0] >= 400


def test_agents_upload_at_the_other_desk(world: eight.World) -> None:
    room = world.open()
    address = f"{world.base}/desk/chats/{room}"
    shown = sent(address, agent=eight.MARA, file=("a.png", PNG, "image/png")).json()
    [file] = shown["events"][-1]["files"]
    assert (file["name"], file["content_type"], file["size"]) == ("a.png", "image/png", len(PNG))
    [told] = world.told()[-1]["data"]["attachments"]
    assert told["preSignedUrl"] == file["url"]
    assert requests.get(file["url"], timeout=9).content == PNG
    assert lc.error(sent(address, agent=eight.TOBIAS, file=("a", b"x"))) == (400, "not_inside")


def test_customers_file_is_listed_at_the_other_desk(world: eight.World) -> None:
    room = world.open()
    made = world.upload(room, "b.png", PNG, "image/png")
    body = {"authorType": "user", "text": "Look:", "attachments": [{"id": made["id"]}]}
    world.gateway("POST", f"/conversations/{room}/messages", body)
    event = world.chat(room)["events"][-1]
    [file] = event["files"]
    assert (event["text"], file["name"], file["size"]) == ("Look:", "b.png", len(PNG))
    assert requests.get(file["url"], timeout=9).content == PNG


def types(world: eight.World, room: str) -> None:
    world.gateway("POST", f"/conversations/{room}/typing", {"authorType": "user"})


def test_typing_is_shown_until_the_customer_writes(world: eight.World) -> None:
    room = world.open()
    types(world, room)
    assert world.chat(room)["customer_typing"]
    world.say(room, "Hello")
    assert not world.chat(room)["customer_typing"]


def test_typing_is_shown_for_a_while() -> None:
    with eight.running(typing_seconds=0.05) as world:
        room = world.open()
        change = world.at_desk("chats")["change"]
        types(world, room)
        while world.chat(room)["customer_typing"]:
            change = world.at_desk(f"changes?after={change}&wait=9")["change"]


def test_sneak_peek_is_shown_for_a_while() -> None:
    with lc.running(peek_seconds=0.05) as bench:
        customer = bench.customer()
        chat = customer.start()
        for words in ("…", "… …"):  # the second is not ended by the first one's end
            customer.ok("send_sneak_peek", {"chat_id": chat, "sneak_peek_text": words})
        change = bench.get("/desk/chats")["change"]
        while bench.chat(chat)["sneak_peek"]:
            change = bench.get("/desk/changes", after=change, wait=9)["change"]
