"""All that a function is told from outside, read once when it starts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from handoff import config_file
from handoff.caller_auth import CallerSettings, Mode
from handoff.clock import Clock
from handoff.errors import ConfigurationError
from handoff.exchange import obj
from handoff.file_types import FileRules
from handoff.page_settings import PAGE, PageSettings, page_settings
from handoff.providers.base import Identifies, Provider, Reads
from handoff.registry import PROVIDERS, Entry
from handoff.relay import LEAVE_WORDS
from handoff.rules import Abilities, Rules
from handoff.signatures import ExpectedCaller
from handoff.store_settings import store_name
from handoff.texts import Texts
from handoff.variables import Variables
from handoff.vocabulary import ProviderId
from handoff.wake_settings import WAKE, WakeSettings, wake_settings

T = TypeVar("T")

CONFIG = "HANDOFF_CONFIG"
COMMON = (CONFIG, "HANDOFF_STORE", "GOOGLE_CLOUD_PROJECT", *WAKE, *PAGE)
CALLER = (
    "DIALOGFLOW_AUTH",
    "DIALOGFLOW_SECRET",
    "DIALOGFLOW_AUDIENCE",
    "DIALOGFLOW_SERVICE_AGENT",
)

# What a mode of DIALOGFLOW_AUTH cannot do without.
NEEDED: Mapping[Mode, tuple[str, ...]] = {
    Mode.IAM: (),
    Mode.NONE: (),
    Mode.SECRET: ("DIALOGFLOW_SECRET",),
    Mode.ID_TOKEN: ("DIALOGFLOW_AUDIENCE", "DIALOGFLOW_SERVICE_AGENT"),
}
# Sessions that one Listen stream of Firestore tells of: no limit is documented.
LISTEN_TARGETS = 500

# With the limit switched off, a turn may still not wait for ever.
NO_LIMIT_SECONDS = 25.0

# Asked in the very moment that an agent leaves, a vendor still tells how it was before.
LEAST_GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one deployment decided. `turn_seconds` is the budget of one answer to Dialogflow.

    Without `wake` the store is the scheduler: whoever comes next does what is due.
    """

    store: str
    project: str
    providers: Mapping[ProviderId, Provider]
    rules: Rules
    caller: CallerSettings | None
    wake: WakeSettings | None
    page: PageSettings | None
    start_intents: tuple[str, ...]
    turn_seconds: float
    turns_per_second: float
    allowed_origins: tuple[str, ...] = ()
    listen_targets: int = LISTEN_TARGETS
    files: FileRules = field(default_factory=FileRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupSettings:
    """What the set-up of one provider works with."""

    store: str
    project: str
    provider: Provider


def load(
    variables: Variables, clock: Clock, *, serves_dialogflow: bool, serves_pages: bool = False
) -> Settings:
    """Return the settings; raises ConfigurationError that names all that is missing or wrong."""
    problems = _Problems()
    touched = {name: one for name, one in PROVIDERS.items() if _is_touched(variables, one)}
    entries: Mapping[ProviderId, Entry] = problems.gather(
        _configured, variables, touched, otherwise={}
    )
    needed = [*COMMON, *(name for entry in touched.values() for name in entry.variables)]
    needed += CALLER if serves_dialogflow else ()
    problems.gather(variables.follow, needed, otherwise=None)
    content: config_file.Table = problems.gather(_content, variables, otherwise={})
    caller = problems.gather(_caller, variables, otherwise=None) if serves_dialogflow else None
    order: list[ProviderId] = problems.gather(_order, content, entries, otherwise=[])
    store = problems.gather(store_name, variables, otherwise="")
    wake = problems.gather(wake_settings, variables, otherwise=None)
    page = problems.gather(partial(page_settings, needed=serves_pages), variables, otherwise=None)
    made = [
        (name, problems.gather(PROVIDERS[name].build, variables, clock, otherwise=None))
        for name in order
    ]
    problems.raise_if_any()
    providers = {name: provider for name, provider in made if provider is not None}
    return Settings(
        store=store,
        project=variables.text("GOOGLE_CLOUD_PROJECT"),
        providers=providers,
        rules=_rules(content, providers),
        caller=caller,
        wake=wake,
        page=page,
        start_intents=tuple(obj(content, "dialogflow").get("start_intents", ["agent"])),
        turn_seconds=obj(content, "limits").get("turn", 4.0) or NO_LIMIT_SECONDS,
        turns_per_second=obj(content, "limits").get("turns_per_second", 20.0),
        allowed_origins=tuple(obj(content, "delivery").get("allowed_origins", [])),
        listen_targets=obj(content, "delivery").get("listen_targets", LISTEN_TARGETS),
        files=_files(content),
    )


def load_for_setup(variables: Variables, clock: Clock, name: ProviderId) -> SetupSettings:
    """Return what the set-up of one provider works with, whose set-up may make the rest.

    Raises ConfigurationError for a provider that is not known, or lacks what cannot be made.
    """
    if name not in PROVIDERS:
        raise ConfigurationError(f"{name!r} is no provider; known are {', '.join(PROVIDERS)}")
    entry = PROVIDERS[name]
    problems = _Problems()
    made = {one for one in entry.made_by_setup if not variables.has(one)}
    missing = [one for one in _incomplete(variables, name, entry) if one.split()[0] not in made]
    problems.gather(_raise_all, missing, otherwise=None)
    problems.gather(variables.follow, [*COMMON, *entry.variables], otherwise=None)
    store = problems.gather(store_name, variables, otherwise="")
    problems.raise_if_any()
    return SetupSettings(
        store=store,
        project=variables.text("GOOGLE_CLOUD_PROJECT"),
        provider=entry.build(variables, clock),
    )


def load_store(variables: Variables) -> tuple[str, str]:
    """Return the store and the project, for who only looks at what is kept."""
    variables.follow([*COMMON])
    return store_name(variables), variables.text("GOOGLE_CLOUD_PROJECT")


def _raise_all(problems: list[str]) -> None:
    if problems:
        raise ConfigurationError("\n".join(problems))


class _Problems:
    """Collects what is wrong, so that one start tells all of it."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def gather(self, read: Callable[..., T], *args: Any, otherwise: T) -> T:
        try:
            return read(*args)
        except ConfigurationError as error:
            self._lines += str(error).splitlines()
            return otherwise

    def raise_if_any(self) -> None:
        if self._lines:
            raise ConfigurationError("\n".join(dict.fromkeys(self._lines)))


def _is_touched(variables: Variables, entry: Entry) -> bool:
    return any(variables.has(name) for name in entry.variables)


def _configured(
    variables: Variables, touched: Mapping[ProviderId, Entry]
) -> Mapping[ProviderId, Entry]:
    """Return the providers with any variable set, once none of them lacks another."""
    problems = [
        problem
        for name, entry in touched.items()
        for problem in _incomplete(variables, name, entry)
    ]
    if problems:
        raise ConfigurationError("\n".join(problems))
    if not touched:
        known = "; ".join(f"{name}: {', '.join(one.required)}" for name, one in PROVIDERS.items())
        raise ConfigurationError(f"No provider is configured. Set the variables of one. {known}")
    return touched


def _incomplete(variables: Variables, name: ProviderId, entry: Entry) -> list[str]:
    missing = [f"{one} is not set" for one in entry.required if not variables.has(one)]
    for group in entry.together:
        absent = [one for one in group if not variables.has(one)]
        if absent and len(absent) < len(group):
            missing += [f"{one} is not set, and goes with {', '.join(group)}" for one in absent]
    return [f"{one} (provider {name})" for one in missing]


def _content(variables: Variables) -> config_file.Table:
    """Return what `handoff.toml` says; there need not be one."""
    return config_file.read(Path(variables.text(CONFIG))) if variables.has(CONFIG) else {}


def _order(content: config_file.Table, entries: Mapping[ProviderId, Entry]) -> list[ProviderId]:
    """Return the providers to use, the default first."""
    wanted = obj(content, "providers").get("order", list(entries))
    known = ", ".join(entries)
    unset = [
        f"[providers] order names {one!r}, which is not configured; configured: {known}"
        for one in wanted
        if one not in entries
    ]
    if unset and entries:
        raise ConfigurationError("\n".join(unset))
    if entries and not wanted:
        raise ConfigurationError("[providers] order is empty: leave it out, or name a provider")
    return [ProviderId(one) for one in wanted if one in entries]


def _caller(variables: Variables) -> CallerSettings:
    """Return how Dialogflow proves itself; nobody is let in unproven on the platform."""
    on_platform = variables.has("K_SERVICE")
    given = variables.text("DIALOGFLOW_AUTH", Mode.IAM if on_platform else Mode.NONE)
    if given not in set(Mode):
        choices = ", ".join(Mode)
        raise ConfigurationError(f"DIALOGFLOW_AUTH must be one of {choices}, not {given!r}")
    mode = Mode(given)
    if mode is Mode.NONE and on_platform:
        raise ConfigurationError("DIALOGFLOW_AUTH=none lets anybody in; it is for a laptop only")
    missing = [name for name in NEEDED[mode] if not variables.has(name)]
    if missing:
        lines = [f"{name} is not set (DIALOGFLOW_AUTH={mode})" for name in missing]
        raise ConfigurationError("\n".join(lines))
    expected = ExpectedCaller(
        emails=_listed(variables.text("DIALOGFLOW_SERVICE_AGENT")),
        audiences=_listed(variables.text("DIALOGFLOW_AUDIENCE")),
    )
    secret = variables.secret("DIALOGFLOW_SECRET")
    return CallerSettings(mode=mode, secret=secret, expected=expected)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(one for one in re.split(r"[\s,]+", value) if one)


def _rules(content: config_file.Table, providers: Mapping[ProviderId, Provider]) -> Rules:
    texts, limits = obj(content, "texts"), obj(content, "limits")
    own = {str(tag).lower().replace("_", "-"): table for tag, table in texts.items()}
    words = obj(content, "words").get("leave", LEAVE_WORDS)
    return Rules(
        providers={name: _abilities(provider) for name, provider in providers.items()},
        texts=Texts(own=own),
        attributes=obj(content, "attributes"),
        targets=obj(content, "targets"),
        names=obj(content, "parameters"),
        leave_words=frozenset(word.strip().casefold() for word in words if word.strip()),
        unknown_is_open=obj(content, "providers").get("unknown_availability", "open") == "open",
        leave_grace=timedelta(seconds=max(limits.get("leave_grace", 20), LEAST_GRACE_SECONDS)),
        accept=timedelta(seconds=limits.get("accept", 600)),
        inactive_warning=timedelta(seconds=limits.get("inactive_warning", 300)),
        inactive=timedelta(seconds=limits.get("inactive", 600)),
        page_gone=timedelta(seconds=limits.get("page_gone", 20)),
        keep_texts=timedelta(hours=obj(content, "retention").get("texts_hours", 72)),
    )


def _files(content: config_file.Table) -> FileRules:
    told, own = obj(content, "files"), FileRules()
    types = frozenset(told.get("types", own.types))
    return FileRules(largest=int(told.get("largest", own.largest)), types=types)


def _abilities(provider: Provider) -> Abilities:
    return Abilities(
        identifies=isinstance(provider, Identifies),
        takes_notes=provider.capabilities.transcript_as_note,
        reads=isinstance(provider, Reads),
        leaving_ends=provider.capabilities.leaving_ends,
        shows_presence=provider.capabilities.presence_to_agent,
    )
