"""A shop's web site: a page with the widget, and the bot behind it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from demo.hosting import hosted
from handoff.cli.processes import listen
from tests.browser.pretend import PretendChat
from tests.whole.house import House, house

HERE = Path(__file__).parent
Json = dict[str, Any]
Bot = Callable[[str, Json], list[Json]]
FUNCTIONS = ("dialogflow_fulfillment", "agent_events", "customer_chat")
OWN = '<!doctype html><meta charset="utf-8"><div id="talk"></div><form><input name="text"></form>'
WIDGET = '<df-messenger language-code="en" max-query-length="-1" api-uri="/bot"></df-messenger>'
SCRIPT = '<script src="{chat}/v1/handoff-messenger.js" defer{more}></script>'


@dataclass
class Site:
    """The page, where its scripts stand, and what its customers asked the bot."""

    bot: Bot
    chat_url: str
    before: str = ""
    after: str = SCRIPT
    more: str = ""
    widget: str = WIDGET
    url: str = ""
    asked: list[Json] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Return the texts that reached the bot."""
        return [one["text"]["text"] for one in self.asked if "text" in one]

    def app(self) -> Starlette:
        """Serve the page, the stand-in of the widget and the bot."""
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/own", _own_front_end),
                Route("/df-messenger.js", _widget),
                Route("/bot/sessions/{session}:detectIntent", self._bot, methods=["POST"]),
            ]
        )

    async def _page(self, _: Request) -> Response:
        html = (HERE / "page.html").read_text()
        tags = {"before": self.before, "widget": self.widget, "after": self.after}
        for place, tag in tags.items():
            filled = tag.format(chat=self.chat_url, more=self.more)
            html = html.replace(f"<!--{place}-->", filled)
        return HTMLResponse(html)

    async def _bot(self, request: Request) -> Response:
        asked = json.loads(await request.body())["queryInput"]
        self.asked.append(asked)
        session = request.path_params["session"]
        messages = await anyio.to_thread.run_sync(self.bot, session, asked)
        return JSONResponse({"queryResult": {"responseMessages": messages}})


async def _widget(_: Request) -> Response:
    return FileResponse(HERE / "df-messenger.js")


async def _own_front_end(_: Request) -> Response:
    return HTMLResponse(OWN)


@contextmanager
def lived_in(folder: Path, provider: str = "livechat") -> Iterator[tuple[Site, House]]:
    """Serve a site whose bot, functions and desk are all there."""
    with listen("127.0.0.1", 0) as socket:
        url = f"http://127.0.0.1:{socket.getsockname()[1]}"
        config = folder / "handoff.toml"
        config.write_text(f'[delivery]\nallowed_origins = ["{url}"]\n')
        variables = {
            "HANDOFF_CONFIG": str(config),
            "HANDOFF_CUSTOMER_CHAT_URL": "{customer_chat}",
            "HANDOFF_TOKEN_KEY": "a-key-of-the-test-of-thirty-two-bytes",
        }
        with house(folder, "cx", provider, FUNCTIONS, **variables) as one:
            chat_url = one.plans["customer_chat"].address
            site = Site(bot=simulated(one), chat_url=chat_url, url=url)
            with hosted([(site.app(), socket)]):
                yield site, one


def simulated(one: House) -> Bot:
    """Return the demo's bot, as the widget talks to it."""

    def answer(session: str, asked: Json) -> list[Json]:
        query: Json = {kind: asked[kind][kind] for kind in ("text", "event") if kind in asked}
        one.private |= set(query.values())
        messages = one.query(query, session)["messages"]
        return [{"text": {"text": [m["text"]]}} if "text" in m else m for m in messages]

    return answer


@contextmanager
def pretended() -> Iterator[tuple[Site, PretendChat]]:
    """Serve a site with a bot that hands off when asked for an agent, and a pretended chat."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(listen("127.0.0.1", 0)) for _ in range(2)]
        page, chat_url = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in sockets)
        chat = PretendChat()
        site = Site(bot=handing_off(chat, chat_url), chat_url=chat_url, url=page)
        stack.enter_context(hosted(list(zip((site.app(), chat.app()), sockets, strict=True))))
        yield site, chat
        chat.cut = True  # whoever still listens would hold the end up


def handing_off(chat: PretendChat, url: str) -> Bot:
    """Return a bot that repeats what it hears, and knows one more word: agent."""

    def answer(_: str, asked: Json) -> list[Json]:
        text = asked.get("text", {}).get("text", "")
        if text != "agent":
            return [{"text": {"text": [f"Bot: {text or asked['event']['event']}"]}}]
        handoff = {"id": "h1", "state": "requested", "url": url, "token": chat.token}
        return [{"text": {"text": ["One moment."]}}, {"payload": {"handoff": handoff}}]

    return answer
