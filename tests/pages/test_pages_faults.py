"""What a visitor can break, and that nothing is lost or doubled for it; the counting itself."""

from __future__ import annotations

from collections import Counter

import pytest
from playwright.async_api import expect

from demo.launch import Options
from tests.pages.screen import Screen

ALL = ("Slow", "Repeat", "Disorder")
DESKS = pytest.mark.parametrize(
    "demo",
    [Options(port=0), Options(port=0, provider="8x8"), Options(port=0, polling=True)],
    ids=["livechat", "8x8", "polling"],
    indirect=True,
)
# Written by whom, arrived where: `compare` of the page's own module, as the page uses it.
COMPARE = """async ([written, arrived, broken]) => {
  const { compare } = await import("/tally.js");
  const lines = written.map(([text, age]) => ({ text, at: 1e6 - age }));
  return compare(lines, arrived, { now: 1e6, broken });
}"""


async def written_by(screen: Screen, log: str, side: str) -> list[str]:
    """Return the numbered lines that stand on one side of a log, in their order."""
    where = screen.conversation if log == "customer" else screen.transcript
    texts = await where.locator(f".{side} .text").all_text_contents()
    return [one for one in texts if " of 10 " in one]


@DESKS
async def test_nothing_is_lost_or_doubled_while_both_write(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.break_it(*ALL)
    await screen.page.get_by_role("button", name="Let both write 10 lines").click()
    await screen.counted("Customer to desk", written=11, arrived=11)
    await screen.counted("Desk to customer", written=10, arrived=10)
    await screen.mend(*ALL)

    for row in ("Customer to desk", "Desk to customer"):
        await screen.counted(row, underway=0, lost=0, doubled=0)
    sent = await written_by(screen, "customer", "own")
    answered = await written_by(screen, "desk", "own")
    assert len(sent) == len(answered) == 10
    assert await written_by(screen, "desk", "theirs") == sent
    assert Counter(await written_by(screen, "customer", "theirs")) == Counter(answered)


@DESKS
async def test_what_is_written_while_the_vendor_is_down_arrives_afterwards(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.break_it("Down")
    said = [f"Part {number}" for number in (1, 2, 3)]
    for text in said:
        await screen.say(text)
    await screen.counted("Customer to desk", written=4, arrived=1, underway=3, lost=0)
    await expect(screen.page.get_by_text("Some are on the way. Nothing is lost.")).to_be_visible()
    await screen.mend("Down")

    await screen.counted("Customer to desk", written=4, arrived=4, underway=0, doubled=0)
    assert (await screen.texts(screen.transcript))[1:] == said
    await expect(screen.page.get_by_text("Both sides have read the same")).to_be_visible()


async def test_words_that_leave_are_the_bridges_own_and_counted_nowhere(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.say("Bye agent!")
    await screen.read("You have left the chat")
    await screen.say("agent")
    await screen.counted("Customer to desk", arrived=2, written=2, underway=0, lost=0)
    await expect(screen.page.get_by_text("Both sides have read the same")).to_be_visible()


async def test_what_is_broken_is_said_in_words(screen: Screen) -> None:
    says = screen.page.locator(".lab-says")
    await expect(says).to_contain_text("Everything works")
    await screen.break_it("Repeat")
    await expect(says).to_have_text("Everything comes twice, and is shown once.")
    await screen.page.reload()
    await expect(screen.page.get_by_role("switch", name="Repeat")).to_be_checked()

    await screen.mend("Repeat")
    await expect(says).to_contain_text("Everything works")


async def test_lost_connection_is_said_and_nothing_is_lost(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.answer("Before the tunnel")
    await screen.read("Before the tunnel")
    await screen.page.context.set_offline(True)
    await expect(screen.phone.get_by_role("alert")).to_contain_text("The connection is gone")
    await screen.say("In the tunnel")
    await expect(screen.conversation.get_by_role("img", name="Sending")).to_be_visible()
    await screen.page.context.set_offline(False)

    await screen.see("In the tunnel")
    await expect(screen.phone.get_by_role("alert")).to_be_hidden()
    await expect(screen.conversation.get_by_role("img", name="Sending")).to_have_count(0)
    assert (await screen.texts(screen.transcript)).count("In the tunnel") == 1
    # The browser reports every call that it could not make; that is what was asked of it.
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in screen.complaints)
    screen.complaints.clear()


async def test_message_outlives_a_reload_on_its_way(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.page.context.route("**/v1/messages", lambda route: route.abort())
    await screen.say("Said before the reload")
    sending = screen.conversation.get_by_role("img", name="Sending")
    await expect(sending).to_be_visible()
    await screen.page.reload()
    await screen.with_person()
    await expect(sending).to_be_visible()
    await screen.page.context.unroute("**/v1/messages")

    await screen.see("Said before the reload")
    await expect(sending).to_have_count(0)
    assert (await screen.texts(screen.transcript)).count("Said before the reload") == 1
    assert all("ERR_FAILED" in one for one in screen.complaints)
    screen.complaints.clear()


async def test_what_was_written_for_nobody_is_marked_and_not_counted(screen: Screen) -> None:
    await screen.read("Welcome to Tulip Store")
    await screen.break_it("Down")
    await screen.say("agent")
    await screen.read("One moment")
    await screen.say("Are you there?")
    await screen.counted("Customer to desk", written=2, underway=2)
    await screen.everybody_leaves()
    await screen.mend("Down")
    await screen.with_person("Tulip Store")

    undelivered = screen.conversation.get_by_role("img", name="Not delivered")
    await expect(undelivered).to_have_count(2)
    await screen.counted("Customer to desk", written=0, underway=0, lost=0)


@pytest.mark.parametrize(
    ("written", "arrived", "expected"),
    [
        ([("a", 0), ("b", 0)], ["a", "b"], {"arrived": 2}),
        ([("a", 0), ("b", 0)], ["a"], {"arrived": 1, "underway": 1}),
        ([("a", 90_000), ("b", 0)], ["b"], {"arrived": 1, "lost": 1}),
        ([("a", 0)], ["a", "a"], {"arrived": 1, "doubled": 1}),
        ([("a", 0), ("a", 0)], ["a", "a"], {"arrived": 2}),
        ([("a", 0), ("b", 0), ("c", 0)], ["c", "a", "b"], {"arrived": 3, "disordered": 1}),
        ([("a", 0)], ["not ours", "a"], {"arrived": 1}),
    ],
)
async def test_counting_is_honest(
    screen: Screen,
    written: list[tuple[str, int]],
    arrived: list[str],
    expected: dict[str, int],
) -> None:
    none = {"arrived": 0, "underway": 0, "lost": 0, "doubled": 0, "disordered": 0}

    count = await screen.page.evaluate(COMPARE, [written, arrived, False])

    assert count == {"written": len(written), **none, **expected}
