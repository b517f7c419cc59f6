"""What a deployment has decided, as far as decisions read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from handoff.dialogflow.turn import Turn
from handoff.texts import Texts
from handoff.vocabulary import ProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What decisions need to know of a provider: which jobs it wants in the outbox."""

    identifies: bool = False
    takes_notes: bool = False
    reads: bool = False
    leaving_ends: bool = False
    shows_presence: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings that decisions read.

    `providers` are the configured ones, the default first. `attributes` maps a session
    parameter to its label at the desk, `targets` our own name to each provider's id, `names`
    our parameter names to the agent's. `leave_words` are case-folded. `leave_grace` is how long
    somebody may still come after the last agent left; `accept` how long a customer waits for
    somebody, `inactive_warning` and `inactive` how long they may stay silent, `page_gone` how long
    their page may be away before the agent hears of it; 0 is for ever.
    """

    providers: Mapping[ProviderId, Abilities] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    attributes: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    leave_words: frozenset[str] = frozenset()
    unknown_is_open: bool = True
    keep_texts: timedelta = timedelta(hours=72)
    leave_grace: timedelta = timedelta(seconds=20)
    accept: timedelta = timedelta(seconds=600)
    inactive_warning: timedelta = timedelta(seconds=300)
    inactive: timedelta = timedelta(seconds=600)
    page_gone: timedelta = timedelta(seconds=20)

    def parameter(self, turn: Turn, name: str) -> str:
        """Return the turn's value for one of our parameters, or an empty string."""
        return turn.parameters.get(self.names.get(name, name), "")
