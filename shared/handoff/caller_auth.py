"""Who may call the fulfillment function: the four modes of `DIALOGFLOW_AUTH`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from handoff.errors import Unauthenticated
from handoff.exchange import Exchange, Inbound, Request, items, text
from handoff.signatures import (
    ExpectedCaller,
    Secret,
    basic_password,
    bearer_token,
    claims_of,
    key_id,
    verify_id_token,
)

# https://docs.cloud.google.com/docs/authentication/token-types#id
GOOGLE_KEYS = "https://www.googleapis.com/oauth2/v3/certs"
SECRET_HEADER = "x-handoff-secret"


class Mode(StrEnum):
    """How a caller proves that it is Dialogflow."""

    IAM = "iam"
    SECRET = "secret"
    ID_TOKEN = "id-token"
    NONE = "none"
