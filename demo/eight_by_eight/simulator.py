"""One running simulator: the tenant, its key, its webhooks and what is set to go wrong."""

import json
import time
from datetime import UTC, datetime

from demo.eight_by_eight.account import Account
from demo.eight_by_eight.records import new_id
from demo.eight_by_eight.signing import Signer
from demo.eight_by_eight.tenant import Tenant
from demo.eight_by_eight.tokens import Tokens
from demo.rest import Json
from demo.vendor.changes import Changes
from demo.vendor.courier import Courier, Parcel
from demo.vendor.faults import Faults, take_loss
from demo.vendor.journal import Journal

SUCCESSES = range(200, 300)


class Simulator:
    """Hold the parts together; `reset` replaces all that calls can change."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.signer = Signer(account)
        self.changes = Changes()
        self.address = ""
        self.courier = Courier(
            timeout=account.webhook_timeout, retry_intervals=account.retry_intervals
        )
        self._begin()

    def _begin(self) -> None:
        self.faults = Faults()
        self.journal = Journal()
        self.tokens = Tokens(self.account.token_seconds)
        self.tenant = Tenant(self.account, self.publish, self.changes.bump)

    async def reset(self) -> None:
        """Begin anew; the address of the webhooks stays."""
        url = self.webhook_url()
        await self.courier.close()
        self._begin()
        self.set_webhook_url(url)
        self.changes.bump()

    def webhook_url(self) -> str | None:
        """Return where the account's own webhook goes."""
        hook = self.tenant.webhooks.get(self.account.webhook_id, {})
        return hook.get("uri")

    def set_webhook_url(self, url: str | None) -> None:
        """Let the account's own webhook go elsewhere, or nowhere."""
        self.tenant.webhooks.pop(self.account.webhook_id, None)
        if url is not None:
            self.tenant.webhooks[self.account.webhook_id] = self.account.webhook(url)

    @staticmethod
    def now() -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    def publish(self, kind: str, conversation: str, data: Json | None) -> None:
        """Send one webhook to where the conversation's channel says."""
        room = self.tenant.conversations[conversation]
        channel = self.tenant.channels.get(room.channel, {})
        hook = self.tenant.webhooks.get(channel.get("webHookId", ""))
        lost, self.faults = take_loss(self.faults, kind)
        if hook is None or lost:
            return
        body: Json = {
            "eventType": kind,
            "conversationId": conversation,
            "timestamp": int(time.time() * 1000),
        }
        body |= {"data": data} if data is not None else {}
        self.send(hook, body, conversation)

    def send(self, hook: Json, body: Json, conversation: str | None = None) -> None:
        """Hand a webhook to the courier; every attempt is signed anew."""
        raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        event_id = new_id()
        parcel = Parcel(
            url=hook["uri"],
            webhook_id=hook["id"],
            action=body["eventType"],
            chat_id=conversation,
            body=raw,
            headers=lambda attempt: self.signer.headers(raw, event_id, attempt),
            taken_by=SUCCESSES,
        )
        self.courier.send(parcel, times=self.faults.repeat, disorder=self.faults.disorder)
