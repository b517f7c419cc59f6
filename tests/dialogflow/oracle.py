"""Google's own message types as judges of our answers, and the sample requests."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

from handoff.exchange import Json
from handoff.vocabulary import Dialect

SAMPLES = Path(__file__).parent.parent / "samples" / "dialogflow"
CX_SAMPLES = ("cx_start", "cx_message")
ES_SAMPLES = ("es_start", "es_message")
LIBRARIES = {Dialect.CX: "google.cloud.dialogflowcx_v3", Dialect.ES: "google.cloud.dialogflow_v2"}


def sample(name: str) -> Json:
    """Return one request as Dialogflow sends it."""
    body: Json = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return body


def strictly(answer: Json, dialect: Dialect) -> Any:
    """Return the answer as Google's WebhookResponse, after a trip over the wire.

    Raises when it is no JSON, or holds a field or a type that the message does not know.
    """
    sent = json.loads(json.dumps(answer, allow_nan=False).encode())
    message = importlib.import_module(LIBRARIES[dialect]).WebhookResponse.pb()()
    return importlib.import_module("google.protobuf.json_format").ParseDict(sent, message)
