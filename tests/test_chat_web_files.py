"""How a page sends a file, and every way in which that is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from handoff.errors import Rejected, Throttled, Unavailable
from handoff.file_types import FileRules
from tests.desks import Fault
from tests.fakes import FixedClock
from tests.forms import PNG, Form, field_part, file_part, form
from tests.heart import RULES, closed, notices
from tests.test_filing import FileBench
from tests.visits import Visit

NOT_SENT = RULES.texts.get("file_not_sent", "en")
SMALL = FileRules(largest=100)


@pytest.fixture
def bench(clock: FixedClock, runner: asyncio.Runner) -> Iterator[FileBench]:
    one = FileBench(clock)
    yield one
    runner.run(one.store.close())


async def post(bench: FileBench, sent: Form, files: FileRules | None = None) -> Visit:
    proof = {"authorization": f"Bearer {await bench.token()}"}
    visit = Visit("/v1/files", "POST", sent.raw, **proof, **sent.head)
    return await visit.made(bench.chat, files=files)


async def test_file_is_taken_under_its_clean_name(bench: FileBench) -> None:
    await bench.connected()
    visit = await post(bench, form(name=r"C:\docs\my picture.png"))
    assert (visit.status, visit.json()) == (202, {"id": "m-1", "sequence": 1})
    assert list(bench.desk.files.values()) == [("my picture.png", "image/png")]
    assert bench.send.content == PNG


async def test_file_that_comes_again_is_attached_once(bench: FileBench) -> None:
    await bench.connected()
    first, again = [await post(bench, form()) for _ in range(2)]
    assert (again.status, again.body) == (202, first.body)
    assert bench.send.verbs.count("attach") == 1


@pytest.mark.parametrize("parts", [(), (field_part("id", ""),), (field_part("other", "x"),)])
async def test_file_without_an_id_gets_one(bench: FileBench, parts: tuple[bytes, ...]) -> None:
    await bench.connected()
    sent = Form(parts=(*parts, file_part(PNG)))
    names = {(await post(bench, sent)).json()["id"] for _ in range(2)}
    assert len(names) == len(bench.desk.files) == 2


@pytest.mark.parametrize("message", ["a b", "ü", "m" * 101, "\0"])
async def test_what_is_no_id_is_refused(bench: FileBench, message: str) -> None:
    await bench.connected()
    sent = Form(parts=(field_part("id", message), file_part(PNG)))
    assert (await post(bench, sent)).error == (400, "bad_request")
    assert bench.desk.files == {}


REFUSED: dict[str, tuple[Form, tuple[int, str], bool]] = {
    "no form": (Form(headers={"content-type": "application/json"}), (400, "bad_request"), False),
    "no file": (Form(parts=(field_part("id", "m"),)), (400, "bad_request"), False),
    "empty": (form(b""), (400, "bad_request"), False),
    "not the last": (
        Form(parts=(file_part(PNG), field_part("id", "m"))),
        (400, "bad_request"),
        False,
    ),
    "no end": (Form(parts=(file_part(PNG),), ending=b""), (400, "bad_request"), False),
    "another kind": (form(b"\0\1\2\3 no kind"), (415, "unsupported_type"), True),
    "another name": (form(name="a.pdf"), (415, "unsupported_type"), True),
    "another type": (form(kind="application/pdf"), (415, "unsupported_type"), True),
    "too large": (form(PNG + bytes(99)), (413, "too_large"), True),
}


@pytest.mark.parametrize(("sent", "expected", "is_told"), REFUSED.values(), ids=REFUSED)
async def test_what_is_not_taken_is_refused_and_no_agent_has_it(
    bench: FileBench, sent: Form, expected: tuple[int, str], is_told: bool
) -> None:
    await bench.connected()
    visit = await post(bench, sent, SMALL)
    assert (visit.error, bench.desk.files) == (expected, {})
    assert (NOT_SENT in notices(await bench.session())) is is_told
    assert (await bench.session()).lease is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Rejected("no"), (422, "file_refused")),
        (Throttled("wait", retry_after=7.2), (503, "busy")),
        (Unavailable("down", certain=True), (503, "busy")),
        (Unavailable("slow"), (504, "in_doubt")),
    ],
    ids=repr,
)
async def test_what_the_desk_says_is_told(
    bench: FileBench, error: Rejected | Throttled | Unavailable, expected: tuple[int, str]
) -> None:
    await bench.connected()
    bench.desk.faults.append(Fault(verb="attach", error=error))
    visit = await post(bench, form())
    assert visit.error == expected
    waits = {"8"} if isinstance(error, Throttled) else {"5"} if expected[0] == 503 else {None}
    assert {visit.headers.get("retry-after")} == waits


@pytest.mark.parametrize("sent", [form(), form(b"\0\1\2\3 no kind")], ids=["good", "bad"])
async def test_after_the_end_nothing_is_taken(bench: FileBench, sent: Form) -> None:
    await bench.connected()
    await bench.tell(closed())
    assert (await post(bench, sent)).error == (409, "closed")
    assert bench.desk.files == {}


async def test_file_without_a_token_is_not_looked_at(bench: FileBench) -> None:
    await bench.connected()
    visit = await Visit("/v1/files", "POST", form().raw, **form().head).made(bench.chat)
    assert visit.error == (401, "unauthenticated")
    assert bench.desk.files == {}
