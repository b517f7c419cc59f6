"""Who may call the fulfillment function: the four modes of `DIALOGFLOW_AUTH`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from handoff import log
from handoff.clock import Clock
from handoff.errors import ProviderError, Unauthenticated
from handoff.exchange import Exchange, Inbound, Request, items, text
from handoff.signatures import (
    ExpectedCaller,
    Secret,
    basic_password,
    bearer_token,
    key_id,
    plain_secret,
    verify_id_token,
)

# https://docs.cloud.google.com/docs/authentication/token-types#id
GOOGLE_KEYS_URL = "https://www.googleapis.com/oauth2/v3/certs"
SECRET_HEADER = "x-handoff-secret"

# Google changes its keys about once a day. Anybody can send a token with an unknown key id, so
# that is no reason to ask at every call; having no keys at all is a better one.
KEYS_LIVE = timedelta(hours=6)
ASK_AGAIN = timedelta(minutes=1)
ASK_AGAIN_WITHOUT_KEYS = timedelta(seconds=3)


class Mode(StrEnum):
    """How a caller proves that it is Dialogflow."""

    IAM = "iam"
    SECRET = "secret"
    ID_TOKEN = "id-token"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerSettings:
    """What the operator decided; `secret` and `expected` serve one mode each."""

    mode: Mode
    secret: Secret = field(default_factory=lambda: plain_secret(""))
    expected: ExpectedCaller = field(default_factory=ExpectedCaller)


class CallerCheck:
    """Lets Dialogflow in. Its state is Google's public keys, kept for a while."""

    def __init__(self, settings: CallerSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: Mapping[str, Any] = {}
        self._asked_at: datetime | None = None

    def check(self, request: Inbound) -> Exchange[None]:
        """Raise Unauthenticated unless the caller proves who it is."""
        if self._settings.mode is Mode.SECRET:
            self._check_secret(request)
        if self._settings.mode is Mode.ID_TOKEN:
            yield from self._check_token(bearer_token(request.headers.get("authorization", "")))

    def _check_secret(self, request: Inbound) -> None:
        """https://docs.cloud.google.com/dialogflow/cx/docs/concept/webhook#auth"""
        password = basic_password(request.headers.get("authorization", ""))
        given = request.headers.get(SECRET_HEADER, "") or password
        if not self._settings.secret.accepts(given):
            raise Unauthenticated("The secret in the request is missing or wrong.")

    def _check_token(self, token: str) -> Exchange[None]:
        if not token:
            raise Unauthenticated("The request carries no identity token.")
        if self._may_ask(key_id(token)):
            yield from self._ask_keys()
        verify_id_token(token, self._keys, self._settings.expected)

    def _may_ask(self, key: str) -> bool:
        """Say whether Google's keys are worth asking for: old, or without this one."""
        if self._asked_at is None:
            return True
        age = self._clock() - self._asked_at
        pause = ASK_AGAIN if self._keys else ASK_AGAIN_WITHOUT_KEYS
        return age > KEYS_LIVE or (key not in self._keys and age > pause)

    def _ask_keys(self) -> Exchange[None]:
        """Fetch the keys; when that fails the old ones go on serving.

        While there are some, one caller asks and the others go on with what is there.
        """
        if self._keys:
            self._asked_at = self._clock()
        try:
            response = yield Request(method="GET", url=GOOGLE_KEYS_URL)
        except ProviderError as error:
            log.error("google_keys", outcome="unavailable", reason=str(error))
        else:
            keys = items(response.json(), "keys")
            self._keys = {kid: key for key in keys if (kid := text(key, "kid"))} or self._keys
        self._asked_at = self._clock()
