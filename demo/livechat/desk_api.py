"""LiveChat's desk as the demo page knows every desk."""

from dataclasses import replace

from demo.livechat import cdn, life
from demo.livechat.desk import DEEDS, Status, set_status
from demo.livechat.desk_view import agents_view, desk_view
from demo.livechat.errors import ApiError, Json
from demo.livechat.shapes import read
from demo.livechat.simulator import Simulator
from demo.vendor.forms import Part


class LiveChatDesk:
    """What agents see and do in the licence of a running simulator."""

    revocable = ("agent", "customer", "bot", "all")

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def chats(self) -> list[Json]:
        """Return every chat."""
        licence = self._simulator.licence
        return [desk_view(licence, chat) for chat in licence.chats.values()]

    def chat(self, chat: str) -> Json:
        """Return one chat."""
        licence = self._simulator.licence
        return desk_view(licence, licence.chat(chat))

    def do(self, chat: str, deed: str, body: Json) -> Json:
        """Do something in a chat; return it as it is then."""
        if deed not in DEEDS:
            raise ApiError("not_found", "No such deed")
        licence = self._simulator.licence
        DEEDS[deed](licence, licence.chat(chat), body)
        return self.chat(chat)

    def upload(self, chat: str, agent: str, file: Part, address: str) -> Json:
        """Put an agent's file on the CDN and send it."""
        licence = self._simulator.licence
        licence.chat(chat)
        kept = cdn.keep(licence, file, address)
        licence.uploads[kept.url] = replace(kept, used=True)
        body: Json = {"agent": agent, "name": kept.name, "url": kept.url}
        about: Json = {"content_type": kept.content_type, "size": len(kept.data)}
        return self.do(chat, "file", body | about)

    def agents(self) -> Json:
        """Return the agents and their groups."""
        licence = self._simulator.licence
        groups = [{"id": key, "name": name} for key, name in licence.account.groups.items()]
        return {"agents": agents_view(licence), "groups": groups}

    def set_status(self, agent: str, body: Json) -> None:
        """Let an agent accept chats or not, or go offline."""
        set_status(self._simulator.licence, agent, read(Status, body))

    def assign(self, *, automatic: bool) -> None:
        """Let the router give chats out, or not."""
        licence = self._simulator.licence
        licence.account = replace(licence.account, auto_assign=automatic)
        life.advance(licence)

    def webhook_url(self) -> str | None:
        """Return where the configured webhooks go."""
        return self._simulator.licence.webhook_url

    def set_webhook_url(self, url: str | None) -> None:
        """Let the configured webhooks go elsewhere."""
        self._simulator.licence.webhook_url = url

    def revoke(self, kind: str) -> None:
        """End tokens."""
        self._simulator.tokens.revoke(kind)
