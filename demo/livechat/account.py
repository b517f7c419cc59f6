"""What a simulated licence is set up with before anyone calls it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ACCEPTING = "accepting_chats"
NOT_ACCEPTING = "not_accepting_chats"
OFFLINE = "offline"

DEFAULT_GROUP = 0

EVERY_SCOPE = frozenset(
    {
        "customers:own",
        "customers:rw",
        "chats--all:rw",
        "webhooks.configuration:rw",
        "webhooks.state:rw",
        "agents-bot--my:rw",
        "agents-bot--all:ro",
        "agents--all:ro",
        "groups--all:ro",
        "properties.configuration:rw",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A person at the desk; `groups` without the default group, which everybody sees."""

    email: str
    name: str
    groups: tuple[int, ...] = ()
    max_chats: int = 5
    status: str = ACCEPTING


def _groups() -> Mapping[int, str]:
    return {DEFAULT_GROUP: "General", 4: "Billing", 7: "Technical"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One LiveChat licence with one app, one bot and its agents."""

    organization_id: str = "6f2d9c1e-83b4-4a57-9d0e-5b7c1f20a9d3"
    license_id: int = 14210877
    account_id: str = "0d7a2c54-9b31-4f0e-8a66-3e5f1c9d7b20"
    client_id: str = "4be1f07a92d34c6e8a5d0f13b7c82e69"
    client_secret: str = "demo-client-secret"
    refresh_token: str = "demo-refresh-token"
    personal_access_token: str = "dal:demo-personal-access-token"
    scopes: frozenset[str] = EVERY_SCOPE
    webhook_secret: str = "demo-webhook-secret"
    webhook_url: str | None = None
    bot_id: str = "9d5c3b7a1e8f4062b6d4a90c5e7f1382"
    bot_secret: str = "demo-bot-secret"
    bot_groups: tuple[int, ...] = (DEFAULT_GROUP, 4, 7)
    groups: Mapping[int, str] = field(default_factory=_groups)
    agents: tuple[Agent, ...] = (
        Agent(email="mara.lindqvist@acme-help.example", name="Mara", groups=(4,)),
        Agent(email="tobias.reyes@acme-help.example", name="Tobias", groups=(7,)),
    )
    properties: tuple[str, ...] = ()
    auto_assign: bool = True
    queue_enabled: bool = True
    queue_limit: int = 100
    welcome_message: str | None = None
    region: str = "dal"
    token_seconds: int = 28800
    live_tokens: int = 25
    retry_intervals: tuple[float, ...] = (1.0, 1.0, 1.0)
    webhook_timeout: float = 10.0
    cdn_url: str | None = None
    # The vendor does not say for how long it shows what is typed.
    peek_seconds: float = 10.0
