"""Builds an agent archive for Dialogflow ES: what Terraform cannot say there.

    python terraform/es_agent.py --webhook https://<dialogflow_fulfillment>/ [--out <zip>]

The console imports it: settings, Export and Import; *Import from ZIP* adds to what is there.
https://docs.cloud.google.com/dialogflow/es/docs/agents-settings#export
"""

from __future__ import annotations

import argparse
import json
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The same archive for the same words: names are what ids are made of.
NAMESPACE = uuid.UUID("5d0f8b0e-3f0a-4c56-9a0b-2f0d3b6c1a11")
LONG_AGO = (1980, 1, 1, 0, 0, 0)
LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One intent of docs/dialogflow-es.md: `text` is what is said when the webhook fails."""

    name: str
    action: str
    phrases: tuple[str, ...] = ()
    event: str = ""
    context: str = ""
    text: str = ""
    is_fallback: bool = False


INTENTS = (
    Intent(
        name="agent",
        action="handoff.start",
        phrases=(
            "agent",
            "can I talk to someone",
            "I want to speak to a person",
            "connect me to customer service",
            "I need a human",
            "let me chat with an employee",
            "talk to a real person",
            "is there somebody who can help me",
            "representative please",
        ),
        text="We could not reach a colleague just now.",
    ),
    Intent(name="live-agent-relay", action="handoff.message", context="handoff", is_fallback=True),
    Intent(name="agent-news", action="handoff.poll", event="agent_reply_ready"),
    Intent(name="agent-leave", action="handoff.end", event="customer_leaves"),
    Intent(
        name="Default Fallback Intent",
        action="input.unknown",
        text="Sorry, I did not understand. Say agent to talk to a person.",
        is_fallback=True,
    ),
)


def files(webhook: str) -> Mapping[str, object]:
    """Return what stands in the archive, by path."""
    found: dict[str, object] = {"agent.json": _agent(webhook), "package.json": {"version": "1.0.0"}}
    for one in INTENTS:
        found[f"intents/{one.name}.json"] = _intent(one)
        if one.phrases:
            found[f"intents/{one.name}_usersays_{LANGUAGE}.json"] = _phrases(one)
    return found


def build(webhook: str, path: Path) -> None:
    """Write the archive; the same bytes for the same webhook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files(webhook).items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, json.dumps(content, indent=2))


def _agent(webhook: str) -> dict[str, Any]:
    # The secret is typed into the console: it has no business in a file.
    return {
        "language": LANGUAGE,
        "supportedLanguages": [],
        "defaultTimezone": "Europe/Amsterdam",
        "mlMinConfidence": 0.3,
        "isPrivate": True,
        "enableOnePlatformApi": True,
        "onePlatformApiVersion": "v2",
        "webhook": {
            "url": webhook,
            "headers": {},
            "available": True,
            "useForDomains": False,
            "cloudFunctionsEnabled": False,
            "cloudFunctionsInitialized": False,
        },
    }


def _intent(one: Intent) -> dict[str, Any]:
    said = [{"type": "0", "lang": LANGUAGE, "speech": [one.text]}] if one.text else []
    return {
        "id": str(uuid.uuid5(NAMESPACE, one.name)),
        "name": one.name,
        "auto": True,
        "contexts": [one.context] if one.context else [],
        "responses": [
            {
                "resetContexts": False,
                "action": one.action,
                "affectedContexts": [],
                "parameters": [],
                "messages": said,
                "speech": [],
            }
        ],
        "priority": 500000,
        "webhookUsed": True,
        "webhookForSlotFilling": False,
        "fallbackIntent": one.is_fallback,
        "events": [{"name": one.event}] if one.event else [],
    }


def _phrases(one: Intent) -> list[dict[str, Any]]:
    return [
        {
            "id": str(uuid.uuid5(NAMESPACE, f"{one.name} {text}")),
            "data": [{"text": text, "userDefined": False}],
            "isTemplate": False,
            "count": 0,
            "lang": LANGUAGE,
            "updated": 0,
        }
        for text in one.phrases
    ]


def main() -> None:
    """Build the archive that the command line asks for."""
    parser = argparse.ArgumentParser(description="Build an agent archive for Dialogflow ES.")
    parser.add_argument("--webhook", required=True, help="the output dialogflow_webhook")
    parser.add_argument("--out", type=Path, default=Path(".handoff/es-agent.zip"))
    asked = parser.parse_args()
    build(asked.webhook, asked.out)
    print(f"{asked.out}: {len(INTENTS)} intents. Dialogflow ES, settings, Export and Import.")


if __name__ == "__main__":
    main()
