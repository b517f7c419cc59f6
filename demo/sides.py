"""The two people of the demo's story: the customer at the bot, and whoever sits at the desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from demo.rest import CallFailed, Json, call

Kind = Literal["own", "theirs", "note", "system"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line as somebody saw it: by whom, what, and how it is shown."""

    author: str
    text: str
    kind: Kind = "theirs"


@dataclass(slots=True)
class Customer:
    """Talks to the bot in one session, and keeps every line that was on the screen."""

    address: str
    session: str
    lines: list[Line] = field(default_factory=list)
    calls: int = 0
    """How often the last turn called the webhook."""

    def say(self, text: str) -> list[str]:
        """Write something; return what is answered."""
        self.lines.append(Line("Customer", text, "own"))
        return self._query({"text": text})

    def look(self) -> list[str]:
        """Ask for what is waiting, as a chat widget does while a person is connected."""
        return self._query({"event": "agent_reply_ready"})

    def leave(self) -> list[str]:
        """Press "Leave the chat"."""
        self.lines.append(Line("Customer", "[leaves the chat]", "own"))
        return self._query({"event": "customer_leaves"})

    def repeat_calls(self, on: bool) -> None:
        """Let Dialogflow make every webhook call twice, as it does after a timeout, or not."""
        call("POST", f"{self.address}/faults", {"repeat": on})

    def written(self) -> Json:
        """Return the parameters that the function wrote back in its latest answer."""
        answer = call("GET", f"{self.address}/log")["calls"][-1]["answer"] or {}
        contexts = [one["parameters"] for one in answer.get("outputContexts", ())]
        parameters: Json = answer.get("sessionInfo", {}).get("parameters", {})
        return {**parameters, **{key: one[key] for one in contexts for key in one}}

    def _query(self, query: Json) -> list[str]:
        answer = call("POST", f"{self.address}/sessions/{self.session}/query", query)
        self.calls = len(answer["webhook"])
        if answer["webhook_errors"]:
            raise CallFailed(f"Dialogflow's call of the webhook failed: {answer['webhook_errors']}")
        texts = [one["text"] for one in answer["messages"] if one.get("text")]
        self.lines += [Line("Screen", text) for text in texts]
        return texts


@dataclass(slots=True)
class Desk:
    """Does what agents do, through the `/desk` API that every simulated vendor has."""

    address: str

    def chats(self) -> list[Json]:
        """Return every chat with all that was said and noted in it."""
        chats: list[Json] = self._get("chats")["chats"]
        return chats

    def say(self, chat: Json, text: str) -> None:
        """Write to the customer."""
        self._do(chat, "say", {"text": text})

    def whisper(self, chat: Json, text: str) -> None:
        """Write a note that only agents may see."""
        self._do(chat, "say", {"text": text, "visibility": "agents"})

    def transfer(self, chat: Json, group: int | str) -> None:
        """Hand the chat to another group."""
        self._do(chat, "transfer", {"to_group": group})

    def group(self, name: str) -> int | str:
        """Return the id of a group or queue, which is a number or a text."""
        groups = self._get("agents")["groups"]
        found: int | str = next(one["id"] for one in groups if one["name"] == name)
        return found

    def close(self, chat: Json) -> None:
        """End the chat."""
        self._do(chat, "close", {})

    def go(self, *, online: bool) -> None:
        """Let every agent accept chats, or go home."""
        status = {"accepting": True} if online else {"offline": True}
        for agent in self._get("agents")["agents"]:
            call("POST", f"{self.address}/desk/agents/{agent['email']}/status", status)

    def wait_for_webhooks(self) -> None:
        """Return when every webhook so far has been delivered."""
        self._get("idle")

    def lines(self) -> list[Line]:
        """Return all that stands on the agents' screens, chat by chat."""
        return [_line(event) for chat in self.chats() for event in chat["events"]]

    def _do(self, chat: Json, deed: str, body: Json) -> None:
        agent = host(chat)
        if not agent:
            raise CallFailed(f"no agent is in the chat who could {deed}")
        url = f"{self.address}/desk/chats/{chat['id']}/{deed}"
        call("POST", url, {"agent": agent["id"], **body})

    def _get(self, what: str) -> Json:
        return call("GET", f"{self.address}/desk/{what}")


def host(chat: Json) -> Json:
    """Return the agent whom the customer sees in a chat; empty when there is none."""
    return next((one for one in chat["agents"] if one["visibility"] == "all"), {})


def _line(event: Json) -> Line:
    author, text = event.get("author"), str(event.get("text", event["type"]))
    if author is None:
        return Line("System", text, "system")
    kind: Kind = "theirs" if author["type"] == "customer" else "own"
    return Line(author["name"], text, "note" if event["visibility"] == "agents" else kind)
