"""Builds an agent archive for Dialogflow ES: what Terraform cannot say there.

    python terraform/es_agent.py --webhook https://<dialogflow_fulfillment>/ [--language nl]
        [--new-agent] [--out <zip>]

The console imports it: settings, Export and Import; *Import from ZIP* adds to what is there, and
replaces intents of the same name. So those that every agent has come only with --new-agent.
https://docs.cloud.google.com/dialogflow/es/docs/reference/rest/v2/projects.agent/import
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
UNIX, FILE = 3, 0o100644 << 16

# What a customer says who wants a person, by language.
PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
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
    "nl": (
        "medewerker",
        "kan ik iemand spreken",
        "ik wil met een mens praten",
        "verbind me door met de klantenservice",
        "ik wil een medewerker spreken",
        "mag ik met een collega chatten",
        "is er iemand die me kan helpen",
    ),
    "de": (
        "Mitarbeiter",
        "kann ich mit jemandem sprechen",
        "ich möchte mit einem Menschen reden",
        "verbinden Sie mich mit dem Kundendienst",
        "ich brauche einen Mitarbeiter",
        "kann ich mit einem Kollegen chatten",
        "gibt es jemanden, der mir helfen kann",
    ),
    "fr": (
        "conseiller",
        "puis-je parler à quelqu'un",
        "je veux parler à une personne",
        "mettez-moi en relation avec le service client",
        "j'ai besoin d'un conseiller",
        "je voudrais discuter avec un collègue",
        "y a-t-il quelqu'un qui peut m'aider",
    ),
    "es": (
        "agente",
        "puedo hablar con alguien",
        "quiero hablar con una persona",
        "póngame con atención al cliente",
        "necesito un agente",
        "quiero chatear con un empleado",
        "hay alguien que me pueda ayudar",
    ),
}
# What is said when the webhook fails; it must never claim success.
UNREACHED: Mapping[str, str] = {
    "en": "We could not reach a colleague just now.",
    "nl": "We konden op dit moment geen collega bereiken.",
    "de": "Wir konnten gerade keinen Kollegen erreichen.",
    "fr": "Nous n'avons pas pu joindre un collègue pour le moment.",
    "es": "No hemos podido contactar con un compañero en este momento.",
}
HELLO: Mapping[str, tuple[str, ...]] = {
    "en": ("hello", "hi", "good morning"),
    "nl": ("hallo", "hoi", "goedemorgen"),
    "de": ("hallo", "hi", "guten Morgen"),
    "fr": ("bonjour", "salut", "bonsoir"),
    "es": ("hola", "buenas", "buenos días"),
}
WELCOME: Mapping[str, str] = {
    "en": "Hello! How can I help? Say agent to talk to a person.",
    "nl": "Hallo! Wat kan ik voor u doen? Zeg medewerker om met een mens te praten.",
    "de": "Hallo! Wie kann ich helfen? Sagen Sie Mitarbeiter, um mit einem Menschen zu reden.",
    "fr": "Bonjour ! Que puis-je faire pour vous ? Dites conseiller pour parler à une personne.",
    "es": "¡Hola! ¿En qué puedo ayudar? Diga agente para hablar con una persona.",
}
NOT_UNDERSTOOD: Mapping[str, str] = {
    "en": "Sorry, I did not understand. Say agent to talk to a person.",
    "nl": "Sorry, dat begreep ik niet. Zeg medewerker om met een mens te praten.",
    "de": "Das habe ich leider nicht verstanden. Sagen Sie Mitarbeiter für einen Menschen.",
    "fr": "Désolé, je n'ai pas compris. Dites conseiller pour parler à une personne.",
    "es": "Lo siento, no he entendido. Diga agente para hablar con una persona.",
}
LANGUAGES = tuple(PHRASES)
NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One intent of docs/dialogflow-es.md: `text` is what is said when the webhook fails."""

    name: str
    action: str
    phrases: Mapping[str, tuple[str, ...]]
    text: Mapping[str, str]
    event: str = ""
    context: str = ""
    is_fallback: bool = False


def _ours(name: str, action: str, *, event: str = "", context: str = "") -> Intent:
    """Return an intent without words: a person's come from the webhook, or not at all."""
    return Intent(
        name=name,
        action=action,
        phrases=NOTHING,
        text=NOTHING,
        event=event,
        context=context,
        is_fallback=bool(context),
    )


INTENTS = (
    Intent(name="agent", action="handoff.start", phrases=PHRASES, text=UNREACHED),
    _ours("live-agent-relay", "handoff.message", context="handoff"),
    _ours("agent-news", "handoff.poll", event="agent_reply_ready"),
    _ours("agent-leave", "handoff.end", event="customer_leaves"),
)
# A new agent has these two, with a webhook in neither: the bot would answer beside a person.
OF_EVERY_AGENT = (
    Intent(
        name="Default Welcome Intent",
        action="input.welcome",
        phrases=HELLO,
        text=WELCOME,
        event="WELCOME",
    ),
    Intent(
        name="Default Fallback Intent",
        action="input.unknown",
        phrases=NOTHING,
        text=NOT_UNDERSTOOD,
        is_fallback=True,
    ),
)


def files(webhook: str, language: str, intents: tuple[Intent, ...]) -> Mapping[str, object]:
    """Return what stands in the archive, by path."""
    agent = _agent(webhook, language)
    found: dict[str, object] = {"agent.json": agent, "package.json": {"version": "1.0.0"}}
    for one in intents:
        found[f"intents/{one.name}.json"] = _intent(one, language)
        if one.phrases:
            found[f"intents/{one.name}_usersays_{language}.json"] = _phrases(one, language)
    return found


def build(content: Mapping[str, object], path: Path) -> None:
    """Write the archive; the same bytes for the same content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, one in sorted(content.items()):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.create_system, entry.external_attr = UNIX, FILE
            archive.writestr(entry, json.dumps(one, indent=2, ensure_ascii=False).encode())


def _agent(webhook: str, language: str) -> dict[str, Any]:
    # The secret is typed into the console: it has no business in a file.
    return {
        "language": language,
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


def _intent(one: Intent, language: str) -> dict[str, Any]:
    said = [{"type": "0", "lang": language, "speech": [one.text[language]]}] if one.text else []
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


def _phrases(one: Intent, language: str) -> list[dict[str, Any]]:
    return [
        {
            "id": str(uuid.uuid5(NAMESPACE, f"{one.name} {text}")),
            "data": [{"text": text, "userDefined": False}],
            "isTemplate": False,
            "count": 0,
            "lang": language,
            "updated": 0,
        }
        for text in one.phrases[language]
    ]


def main() -> None:
    """Build the archive that the command line asks for."""
    parser = argparse.ArgumentParser(description="Build an agent archive for Dialogflow ES.")
    parser.add_argument("--webhook", required=True, help="the output dialogflow_webhook")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="the agent's default")
    parser.add_argument(
        "--new-agent",
        action="store_true",
        help="with the default welcome and fallback intents, in the place of those that are there",
    )
    parser.add_argument("--out", type=Path, default=Path(".handoff/es-agent.zip"))
    asked = parser.parse_args()
    intents = INTENTS + (OF_EVERY_AGENT if asked.new_agent else ())
    build(files(asked.webhook, asked.language, intents), asked.out)
    print(f"{asked.out}: {len(intents)} intents. Dialogflow ES, settings, Export and Import.")


if __name__ == "__main__":
    main()
