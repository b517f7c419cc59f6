"""The story that `python -m demo --script` plays: every step says what must have happened."""

from __future__ import annotations

from collections.abc import Sequence

from demo.dialogflow import agent
from demo.rest import Json
from demo.sides import host
from demo.stage import Stage, Step, require
from handoff.texts import Texts

QUESTION = "Can I talk to someone about my invoice?"
FROM_CUSTOMER = "It is number 7 🌷\n\n  and the amount is <b>€ 12</b>"
FROM_AGENT = 'Let me look 🔎\nIt is paid, "thank you" & goodbye ✅'
WHISPER = "Between us: this customer is very patient"
OPEN = ("requested", "waiting", "active")

# What customers say before they ask for a person, and which answers the transcript must hold.
BEFORE = (
    "Customer: hello",
    f"Bot: {agent.WELCOME}",
    "Customer: opening hours",
    f"Bot: {agent.HOURS}",
    "Customer: is anyone there",
)


def text(name: str, who: str = "") -> str:
    """Return one of the product's own sentences."""
    return Texts().get(name, "en", agent=who)


def welcome(stage: Stage) -> None:
    require(agent.WELCOME in stage.customer.say("hello"), "the bot did not welcome")


def question(stage: Stage) -> None:
    require(agent.HOURS in stage.customer.say("opening hours"), "the bot did not answer")


def availability(stage: Stage) -> None:
    stage.customer.say("is anyone there")
    _require_written(stage, "handoff_available", "yes")


def ask(stage: Stage) -> None:
    """Desk and bot race: whoever is joined by an agent at once need not be told to wait."""
    stage.mark = len(stage.customer.lines)
    answer = stage.customer.say(QUESTION)
    told = (text("connecting"), text("joined", "Mara"))
    require(any(one in answer for one in told), "the customer was told nothing")
    state = stage.customer.written().get("handoff_state")
    require(state in OPEN, f"handoff_state is {state!r}")


def opened(stage: Stage) -> None:
    chat = _chat_with(stage, "Mara")
    require("Billing" in chat["groups"], "the chat is in another group")
    _require_in_order(_thread(chat), BEFORE)
    require(QUESTION in _texts(chat), "the question itself is not at the desk")


def joined(stage: Stage) -> None:
    _until_told(stage, text("joined", "Mara"), since=stage.mark)


def to_agent(stage: Stage) -> None:
    stage.customer.say(FROM_CUSTOMER)
    _until_at_desk(stage, FROM_CUSTOMER)


def to_customer(stage: Stage) -> None:
    stage.desk.say(_chat(stage), FROM_AGENT)
    _until_told(stage, f"Mara: {FROM_AGENT}")


def in_order(stage: Stage) -> None:
    said = [f"Part {number} of 3" for number in (1, 2, 3)]
    for part in said:
        stage.desk.say(_chat(stage), part)
    _until_told(stage, f"Mara: {said[-1]}")
    seen = [line.text for line in stage.customer.lines[-len(said) :]]
    require(seen == [f"Mara: {part}" for part in said], f"the customer saw {seen}")


def bot_is_silent(stage: Stage) -> None:
    answer = stage.customer.say("opening hours")
    _until_at_desk(stage, "opening hours")
    require(agent.HOURS not in answer, "the bot answered although an agent is there")


def whispered(stage: Stage) -> None:
    stage.desk.whisper(_chat(stage), WHISPER)
    stage.desk.say(_chat(stage), "Just a second")
    stage.desk.wait_for_webhooks()
    _until_told(stage, "Mara: Just a second")
    _require_unseen(stage, WHISPER)


def no_echo(stage: Stage) -> None:
    stage.desk.wait_for_webhooks()
    stage.customer.look()
    _require_unseen(stage, FROM_CUSTOMER)
    _require_unseen(stage, QUESTION)


def repeated(stage: Stage) -> None:
    words = "Please note: I say this only once"
    stage.customer.repeat_calls(True)
    stage.customer.say(words)
    require(stage.customer.calls > 1, "the simulator did not repeat the call")
    stage.desk.wait_for_webhooks()
    stage.desk.say(_chat(stage), "Once is enough")
    _until_told(stage, "Mara: Once is enough")
    stage.customer.look()
    stage.customer.repeat_calls(False)
    require(_texts(_chat(stage)).count(words) == 1, "the desk got it more than once")
    seen = [line.text for line in stage.customer.lines].count("Mara: Once is enough")
    require(seen == 1, "the customer got the answer more than once")


def transferred(stage: Stage) -> None:
    stage.desk.transfer(_chat(stage), stage.desk.group("Technical"))
    _chat_with(stage, "Tobias")
    _until_told(stage, text("joined", "Tobias"))
    _require_written(stage, "handoff_agent", "Tobias")


def from_the_new_agent(stage: Stage) -> None:
    stage.desk.say(_chat(stage), "Tobias here, all is well 🌈")
    _until_told(stage, "Tobias: Tobias here, all is well 🌈")


def closed(stage: Stage) -> None:
    stage.desk.close(_chat(stage))
    _until_told(stage, text("ended"))


def reason(stage: Stage) -> None:
    _require_written(stage, "handoff_state", "closed")
    _require_written(stage, "handoff_reason", "agent_closed")


def bot_again(stage: Stage) -> None:
    require(agent.RETURNS in stage.customer.say("returns"), "the bot did not answer")
    state = stage.customer.written().get("handoff_state", "none")
    require(state == "none", f"handoff_state is {state!r}")


def second_handoff(stage: Stage) -> None:
    stage.mark = len(stage.customer.lines)
    stage.customer.repeat_calls(True)
    stage.customer.say("agent")
    stage.customer.repeat_calls(False)
    _chat_with(stage, "Mara")
    count = _conversations(stage)
    require(count == 2, f"the customer has {count} conversations")
    _until_told(stage, text("joined", "Mara"), since=stage.mark)


def customer_leaves(stage: Stage) -> None:
    answer = stage.customer.leave()
    require(text("customer_left") in answer, "the customer was not told")
    _require_written(stage, "handoff_reason", "customer_left")
    stage.until("closed chat at the desk", lambda: _chat(stage)["state"] == "closed" or None)


def nobody_there(stage: Stage) -> None:
    stage.desk.go(online=False)
    answer = stage.customer.say("agent")
    require(text("unavailable") in answer, "the customer was not told")
    _require_written(stage, "handoff_state", "failed")
    _require_written(stage, "handoff_reason", "unavailable")
    _require_written(stage, "handoff_available", "no")


def bot_goes_on(stage: Stage) -> None:
    require(agent.HOURS in stage.customer.say("opening hours"), "the bot did not answer")
    require(_conversations(stage) == 2, "more was opened at the desk")
    stage.desk.go(online=True)


def _chat(stage: Stage) -> Json:
    """Return the latest chat: a second handoff may be another one, or a thread of the same."""
    chats = stage.desk.chats()
    require(chats, "there is no chat at the desk")
    return chats[-1]


def _conversations(stage: Stage) -> int:
    return sum(len(chat["threads"]) for chat in stage.desk.chats())


def _chat_with(stage: Stage, name: str) -> Json:
    """Return the open chat as soon as the agent is in it."""

    def look() -> Json | None:
        chats = (one for one in stage.desk.chats() if one["state"] == "active")
        return next((one for one in chats if host(one).get("name") == name), None)

    return stage.until(f"open chat with {name}", look)


def _texts(chat: Json) -> list[str]:
    """Return what was written in the chat's latest conversation, by anybody."""
    events = [one for one in chat["events"] if one["thread_id"] == chat["thread_id"]]
    return [event.get("text", "") for event in events]


def _thread(chat: Json) -> str:
    """Return the chat's latest conversation with its speakers, by their kind."""
    events = [one for one in chat["events"] if one["thread_id"] == chat["thread_id"]]
    kinds = [(one["author"] or {}).get("type", "system").capitalize() for one in events]
    return "\n".join(f"{kind}: {text}" for kind, text in zip(kinds, _texts(chat), strict=True))


def _until_at_desk(stage: Stage, words: str) -> None:
    stage.until(f"{words!r} at the desk", lambda: words in _texts(_chat(stage)) or None)


def _until_told(stage: Stage, words: str, *, since: int | None = None) -> None:
    """Let the customer look until the words are there, now or since an earlier line."""
    seen = stage.customer.lines
    start = len(seen) if since is None else since

    def look() -> bool | None:
        if any(line.text == words for line in seen[start:]):
            return True
        stage.customer.look()
        return None

    stage.until(f"{words!r} on the customer's screen", look)


def _require_unseen(stage: Stage, words: str) -> None:
    shown = [line.text for line in stage.customer.lines if line.kind != "own"]
    require(not any(words in one for one in shown), f"the customer was shown {words!r}")


def _require_written(stage: Stage, name: str, value: str) -> None:
    written = stage.customer.written().get(name)
    require(written == value, f"{name} is {written!r}, not {value!r}")


def _require_in_order(where: str, lines: Sequence[str]) -> None:
    position = 0
    for line in lines:
        position = where.find(line, position)
        require(position >= 0, f"the transcript lacks {line!r}, or has it elsewhere")
        position += len(line)


STORY: Sequence[Step] = (
    ("The bot welcomes the customer", welcome),
    ("The bot answers a question", question),
    ("Whether a colleague is there is known before the offer", availability),
    ("The customer asks for a person and is told what happens", ask),
    ("The chat opens at the desk with all that was said before", opened),
    ("The customer is told who has joined", joined),
    ("The customer's words reach the agent unchanged", to_agent),
    ("The agent's words reach the customer unchanged", to_customer),
    ("Three quick messages arrive in their order", in_order),
    ("While a person is there the bot does not answer its own questions", bot_is_silent),
    ("What agents whisper stays at the desk", whispered),
    ("The customer's own words do not come back", no_echo),
    ("A repeated call of Dialogflow has no second effect", repeated),
    ("A transfer names the new agent", transferred),
    ("The new agent's words arrive", from_the_new_agent),
    ("The agent closes the chat and the customer is told", closed),
    ("The bot knows that it is over, and why", reason),
    ("The next turn is the bot's again", bot_again),
    ("A second handoff in the same session, asked for once in a repeated call", second_handoff),
    ("The customer leaves and the chat at the desk ends", customer_leaves),
    ("With nobody there the handoff is refused as unavailable", nobody_there),
    ("The bot goes on, and nothing was left open at the desk", bot_goes_on),
)
