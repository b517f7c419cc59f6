"""What a simulated tenant is set up with before anyone calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from demo.rest import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person at the desk."""

    id: str
    name: str
    queues: tuple[str, ...]
    max_chats: int = 5
    accepting: bool = True


def _queues() -> Mapping[str, str]:
    return {"214": "Billing", "231": "Technical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One tenant with one key, one channel and its agents."""

    tenant: str = "larkfieldcc01"
    customer_id: str = "larkfield-cust-77"
    api_key: str = "eght_demo-key"
    api_secret: str = "demo-api-secret"
    channel_id: str = "Ch4rW0odQzKp"
    webhook_id: str = "pQ7m0cVtR4"
    webhook_url: str | None = None
    key_id: str = "kLrk-7f3a"
    queues: Mapping[str, str] = field(default_factory=_queues)
    schedules: Mapping[str, object] = field(default_factory=lambda: {"122": 0})
    agents: tuple[Agent, ...] = (
        Agent(id="agKp3vW9tYQ", name="Mara", queues=("214",)),
        Agent(id="agZt81LmnHs", name="Tobias", queues=("231",)),
    )
    retry_intervals: tuple[float, ...] = (0.5, 1.0, 2.0)
    webhook_timeout: float = 10.0
    token_seconds: int = 1_799
    # The vendor does not say for how long it shows that somebody types.
    typing_seconds: float = 6.0

    def first_webhooks(self) -> dict[str, Json]:
        """Return the webhook that is there from the beginning, if its address is known."""
        if self.webhook_url is None:
            return {}
        return {self.webhook_id: self.webhook(self.webhook_url)}

    def webhook(self, url: str) -> Json:
        """Return the account's own webhook."""
        version = "Chat Gateway v1.0"
        return {"id": self.webhook_id, "name": "demo", "uri": url, "version": version}

    def first_channels(self) -> dict[str, Json]:
        """Return the channel that is there from the beginning."""
        channel: Json = {
            "id": self.channel_id,
            "name": "Web bot hand-over",
            "type": "ChatAPI",
            "webHookId": self.webhook_id,
            "routingOptions": {"type": "queue", "id": next(iter(self.queues))},
        }
        return {self.channel_id: channel}
