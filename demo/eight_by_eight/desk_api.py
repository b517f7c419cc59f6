"""The tenant's desk as the demo page knows every desk."""

from starlette.requests import Request
from starlette.routing import Route

from demo.eight_by_eight.desk import DEEDS, set_status, upload
from demo.eight_by_eight.desk_view import agents_view, desk_view
from demo.eight_by_eight.errors import bad
from demo.eight_by_eight.simulator import Simulator
from demo.rest import Json
from demo.vendor.desk_api import body_of, route
from demo.vendor.forms import Part


class TenantDesk:
    """What agents see and do in the tenant of a running simulator."""

    revocable = ("all",)

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def chats(self) -> list[Json]:
        """Return every conversation."""
        tenant = self._simulator.tenant
        return [desk_view(tenant, one) for one in tenant.conversations.values()]

    def chat(self, chat: str) -> Json:
        """Return one conversation."""
        tenant = self._simulator.tenant
        return desk_view(tenant, tenant.conversation(chat))

    def do(self, chat: str, deed: str, body: Json) -> Json:
        """Do something in a conversation; return it as it is then."""
        if deed not in DEEDS:
            raise bad("not_found", "No such deed", 404)
        tenant = self._simulator.tenant
        DEEDS[deed](tenant, tenant.conversation(chat), body)
        return self.chat(chat)

    def upload(self, chat: str, agent: str, file: Part, address: str) -> Json:
        """Send an agent's file."""
        tenant = self._simulator.tenant
        upload(tenant, tenant.conversation(chat), agent, file, address)
        return self.chat(chat)

    def agents(self) -> Json:
        """Return the agents, and the queues as their groups."""
        return agents_view(self._simulator.tenant)

    def set_status(self, agent: str, body: Json) -> None:
        """Let an agent come to work, pause, or go home."""
        set_status(self._simulator.tenant, agent, body)

    def assign(self, *, automatic: bool) -> None:
        """Let conversations be offered to whoever is free, or wait."""
        self._simulator.tenant.assign(automatic)

    def webhook_url(self) -> str | None:
        """Return where the account's own webhook goes."""
        return self._simulator.webhook_url()

    def set_webhook_url(self, url: str | None) -> None:
        """Let the account's own webhook go elsewhere."""
        self._simulator.set_webhook_url(url)

    def revoke(self, _: str) -> None:
        """End every token."""
        self._simulator.tokens.revoke_all()


def schedules(simulator: Simulator) -> Route:
    """Return the route by which schedules are opened and shut, which no other vendor has."""

    async def run(request: Request) -> object:
        simulator.tenant.schedules.update(await body_of(request))
        return simulator.tenant.schedules

    return route("POST", "/desk/schedules", run)
