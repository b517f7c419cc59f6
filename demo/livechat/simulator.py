"""One running simulator: the licence, its tokens, its webhooks and what is set to go wrong."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from demo.livechat.account import Account
from demo.livechat.hooks import Fact, Registration, envelope, wants
from demo.livechat.licence import Licence
from demo.livechat.tokens import Tokens
from demo.vendor.changes import Changes
from demo.vendor.courier import Courier, Parcel, packed
from demo.vendor.faults import Faults, take_loss
from demo.vendor.journal import Journal


class Simulator:
    """Hold the parts together; `reset` replaces all that calls can change."""

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        self.account = account
        self.clock = clock
        self.changes = Changes()
        self.address = ""
        self.courier = Courier(
            timeout=account.webhook_timeout, retry_intervals=account.retry_intervals
        )
        self._begin()

    def _begin(self) -> None:
        self.faults = Faults()
        self.journal = Journal()
        self.tokens = Tokens(self.account, self.clock)
        self.licence = Licence(
            self.account, clock=self.clock, publish=self._publish, changed=self.changes.bump
        )

    async def reset(self) -> None:
        """Begin anew; the address of the webhooks stays."""
        url = self.licence.webhook_url
        await self.courier.close()
        self._begin()
        self.licence.webhook_url = url
        self.changes.bump()

    def _publish(self, fact: Fact) -> None:
        for hook_id, hook in self._hooks(fact.action):
            if not wants(hook, fact, bots=self.licence.bots):
                continue
            lost, self.faults = take_loss(self.faults, fact.action)
            if lost:
                continue
            body = envelope(hook_id, hook, fact, self.account.organization_id)
            parcel = Parcel(
                url=hook.url,
                webhook_id=hook_id,
                action=fact.action,
                chat_id=fact.chat_id,
                body=packed(body),
            )
            self.courier.send(parcel, times=self.faults.repeat, disorder=self.faults.disorder)

    def _hooks(self, action: str) -> Iterator[tuple[str, Registration]]:
        licence = self.licence
        if not licence.hooks_enabled:
            return
        if licence.webhook_url is not None:
            yield self._configured(action, licence.webhook_url)
        for hook_id, hook in licence.hooks.items():
            if hook.type == "license" or licence.bots_up():
                yield hook_id, hook

    def _configured(self, action: str, url: str) -> tuple[str, Registration]:
        """Return what the console would have registered for the account's own address."""
        hook = Registration(
            action=action,
            url=url,
            secret_key=self.account.webhook_secret,
            owner_client_id=self.account.client_id,
            type="license",
            additional_data=["chat_properties", "chat_presence_user_ids"],
        )
        seed = f"{self.account.organization_id}:{action}"
        return hashlib.sha256(seed.encode()).hexdigest()[:32], hook
