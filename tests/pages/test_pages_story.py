"""The story on the page: from the bot to a person, through the whole chat, and back to the bot."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from demo.launch import Options
from tests.pages.pictures import document, picture
from tests.pages.screen import Screen, Windows

DESKS = pytest.mark.parametrize(
    "demo",
    [
        Options(port=0),
        Options(port=0, provider="8x8"),
        Options(port=0, dialect="es"),
        Options(port=0, polling=True),
    ],
    ids=["livechat", "8x8", "es", "polling"],
    indirect=True,
)
WITH_CHAT = pytest.mark.parametrize(
    "demo", [Options(port=0), Options(port=0, dialect="es")], ids=["cx", "es"], indirect=True
)
STRAIGHT = pytest.mark.parametrize(
    "demo",
    [Options(port=0), Options(port=0, provider="8x8")],
    ids=["livechat", "8x8"],
    indirect=True,
)
TYPES = pytest.mark.parametrize(
    "demo", [Options(port=0, provider="8x8")], ids=["8x8"], indirect=True
)
HOURS = "We are open Monday to Saturday"
ENDED = "The chat with our colleague has ended"


@DESKS
async def test_chat_begins_in_the_queue_and_ends_with_the_bot(screen: Screen) -> None:
    await screen.read("Welcome to Tulip Store")
    await screen.say("agent")
    await expect(screen.phone.get_by_text("We are finding you a person")).to_be_visible()
    await expect(screen.desk.get_by_role("heading", name="Waiting for you 1")).to_be_visible()
    await screen.accept()
    await screen.with_person("Mara")
    await screen.answer("Mara here")
    await screen.read("Mara here")
    await screen.say("It is about number 7")
    await screen.see("It is about number 7")
    await screen.close()
    await screen.read(ENDED)
    await screen.with_person("Tulip Store")
    await screen.say("opening hours")

    await screen.read(HOURS)
    await expect(screen.desk.get_by_text("Billing · closed")).to_be_visible()
    assert await screen.transcript.get_by_text("opening hours").count() == 0


@WITH_CHAT
async def test_words_pass_dialogflow_by_while_a_person_is_there(screen: Screen) -> None:
    await screen.ask_for_a_person()
    before = screen.turns()
    await screen.say("Straight to you")
    await screen.see("Straight to you")
    await screen.answer("And straight back")
    await screen.read("And straight back")
    assert screen.turns() == before
    await screen.close()
    await screen.read(ENDED)
    await screen.say("returns")
    await screen.read("You can return anything")

    assert screen.turns() == before + 2, "one so that the bot takes over, and one question"


@STRAIGHT
async def test_talk_with_the_bot_is_at_the_desk_beside_the_chat(screen: Screen) -> None:
    await screen.read("Welcome to Tulip Store")
    await screen.say("opening hours")
    await screen.read(HOURS)
    await screen.ask_for_a_person()

    details = screen.desk.get_by_role("complementary", name="About this chat")
    await expect(details.get_by_text(HOURS)).to_be_visible()
    await expect(details.get_by_text("ho-")).to_be_visible()
    await expect(details.get_by_text("@example.com")).to_be_visible()
    assert await screen.texts(screen.transcript) == ["Can I talk to someone about my invoice?"]


@STRAIGHT
async def test_files_go_both_ways(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.attach(picture("tulips.png"), document("invoice 7.pdf"))
    await screen.see("tulips.png")
    await screen.see("invoice 7.pdf")
    await screen.hand_over(picture("label.png"))
    await screen.read("label.png")

    for log, name in ((screen.transcript, "tulips.png"), (screen.conversation, "label.png")):
        shown = log.get_by_role("link", name=name).locator("img")
        await expect(shown).to_have_js_property("naturalWidth", 24)
    link = screen.transcript.get_by_role("link", name="invoice 7.pdf")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await expect(screen.conversation.get_by_role("img", name="Sent")).to_have_count(3)


@STRAIGHT
async def test_another_agent_goes_on_after_a_transfer(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.desk.get_by_role("button", name="Transfer").click()
    await screen.page.get_by_role("dialog").get_by_role("button", name="Technical").click()
    await expect(screen.phone.get_by_text("Waiting for a person")).to_be_visible()
    await screen.desk.get_by_text("Tobias", exact=True).click()
    await screen.accept()
    await screen.with_person("Tobias")
    await screen.answer("Tobias here")

    await screen.read("Tobias here")
    await expect(screen.conversation.locator(".agent .author").last).to_have_text("Tobias")


@STRAIGHT
async def test_reload_keeps_the_chat_and_repeats_nothing(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.say("before the reload")
    await screen.answer("also before it")
    await screen.read("also before it")
    before = await screen.conversation.locator(".text").all_text_contents()
    await screen.page.goto("about:blank")
    await screen.page.go_back()
    await screen.with_person("Mara")
    await screen.say("after the reload")
    await screen.see("after the reload")
    await screen.answer("welcome back")
    await screen.read("welcome back")

    after = await screen.conversation.locator(".text").all_text_contents()
    assert after == [*before, "after the reload", "welcome back"]


@TYPES
async def test_agent_is_seen_typing(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.reply.press_sequentially("Let me ")
    typing = screen.phone.locator(".typing.on")
    await expect(typing).to_contain_text("Mara is typing")
    await screen.reply.press("Enter")

    await screen.read("Let me")
    await expect(typing).to_have_count(0)


@STRAIGHT
async def test_customer_is_seen_typing(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.writing.press_sequentially("One mo")

    await expect(screen.desk.get_by_text("is typing …")).to_be_visible()


@STRAIGHT
async def test_note_stays_at_the_desk(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.desk.get_by_text("Note", exact=True).click()
    note = screen.desk.get_by_label("Note for colleagues")
    await note.fill("A patient customer")
    await note.press("Enter")
    await screen.see("A patient customer")
    await screen.desk.get_by_text("Note", exact=True).click()
    await screen.answer("Here you are")
    await screen.read("Here you are")

    assert await screen.conversation.get_by_text("A patient customer").count() == 0


@DESKS
async def test_customer_leaves_after_saying_so_twice(screen: Screen) -> None:
    await screen.ask_for_a_person()
    leave = screen.phone.get_by_role("button", name="Leave the chat")
    await leave.click()
    await screen.page.keyboard.press("Escape")
    await expect(leave).to_be_focused()
    await leave.click()
    await screen.page.get_by_role("dialog").get_by_role("button", name="Leave").click()

    await screen.read("You have left the chat")
    await screen.with_person("Tulip Store")
    await expect(screen.desk.get_by_text("Billing · closed")).to_be_visible()


async def test_several_chats_at_once(screen: Screen) -> None:
    await screen.ask_for_a_person()
    await screen.reply.fill("half an answer")
    await screen.page.get_by_role("button", name="Another customer").click()
    await screen.read("Welcome to Tulip Store")
    await screen.say("agent")
    await screen.accept()
    await screen.with_person("Mara")
    await screen.answer("You are the second")
    await screen.read("You are the second")
    await screen.page.get_by_role("tab").first.click()
    await screen.say("And I am the first")
    unread = screen.desk.get_by_label("1 unread")
    await unread.click()

    await screen.see("And I am the first")
    await expect(unread).to_have_count(0)
    await expect(screen.reply).to_have_value("half an answer")
    assert await screen.conversation.get_by_text("You are the second").count() == 0


async def test_each_side_stands_alone(windows: Windows) -> None:
    customer = await windows.open("/customer.html")
    desk = await windows.open("/desk.html")
    await customer.read("Welcome to Tulip Store")
    await customer.say("agent")
    await desk.accept()
    await customer.with_person("Mara")
    await desk.answer("From the other window")

    await customer.read("From the other window")


async def test_nobody_there_is_said_and_the_bot_stays(screen: Screen) -> None:
    await screen.everybody_leaves()
    await screen.say("agent")
    await screen.read("Nobody is available to chat")
    await screen.say("opening hours")
    await screen.read(HOURS)

    await expect(screen.phone.get_by_text("Assistant, answers at once")).to_be_visible()
