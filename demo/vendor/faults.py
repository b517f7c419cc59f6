"""What can be made to go wrong, and for how long."""

from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct, convert, to_builtins
from msgspec.structs import replace

from demo.rest import Json

Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
When = Literal["before", "after"]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls a fault is for: an action, `<api>.<action>`, or `*`."""

    action: str = "*"


class Slow(Rule, frozen=True, kw_only=True):
    """Answer late; with `after` the webhooks overtake the answer."""

    seconds: Seconds
    when: When = "before"


class Fail(Rule, frozen=True, kw_only=True):
    """Answer an error; with `after` the call had its effect all the same."""

    times: Positive = 1
    type: str = "service_unavailable"
    status: int | None = None
    message: str = "Simulated failure"
    data: dict[str, Any] | None = None
    retry_after: int | None = None
    when: When = "before"


class Drop(Rule, frozen=True, kw_only=True):
    """Close the connection without an answer."""

    times: Positive = 1
    when: When = "after"


class Lose(Rule, frozen=True, kw_only=True):
    """Never send the next webhooks of an action."""

    times: Positive = 1


class Disorder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Collect webhooks for a while, then send them in another order."""

    seconds: Seconds
    seed: int = 0


class Faults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that goes wrong at the moment."""

    slow: tuple[Slow, ...] = ()
    fail: tuple[Fail, ...] = ()
    drop: tuple[Drop, ...] = ()
    lose: tuple[Lose, ...] = ()
    repeat: Positive = 1
    disorder: Disorder | None = None
    misdirected: str | None = None


class Trouble(Struct, frozen=True, kw_only=True):
    """What goes wrong with one call."""

    slow: Slow | None = None
    fail: Fail | None = None
    drop: Drop | None = None


Counted = TypeVar("Counted", Fail, Drop, Lose)
Any_ = TypeVar("Any_", Slow, Fail, Drop, Lose)


def changed(faults: Faults, body: Json) -> Faults:
    """Set the named faults and keep the others; `null` ends one."""
    fields = {**to_builtins(faults), **{k: _normal(k, v) for k, v in body.items()}}
    return convert(fields, Faults)


def _normal(name: str, value: Any) -> Any:
    """Allow a bare number of seconds, one rule instead of a list, and `null`."""
    if name in ("slow", "disorder") and isinstance(value, int | float) and value is not True:
        value = {"seconds": value}
    if name in ("slow", "fail", "drop", "lose"):
        rules = [] if value is None else value
        return rules if isinstance(rules, list) else [rules]
    return 1 if name == "repeat" and value is None else value


def take(faults: Faults, api: str, action: str) -> tuple[Trouble, Faults]:
    """Return what goes wrong with a call, and what is left of it."""
    slow = _first(faults.slow, api, action)
    fail = _first(faults.fail, api, action)
    # One call suffers one loss: a failure that is answered, or no answer.
    drop = None if fail else _first(faults.drop, api, action)
    left = replace(faults, fail=_used(faults.fail, fail), drop=_used(faults.drop, drop))
    return Trouble(slow=slow, fail=fail, drop=drop), left


def take_loss(faults: Faults, action: str) -> tuple[bool, Faults]:
    """Say whether a webhook is lost, and what is left of that fault."""
    loss = _first(faults.lose, "webhook", action)
    return loss is not None, replace(faults, lose=_used(faults.lose, loss))


def _first(rules: tuple[Any_, ...], api: str, action: str) -> Any_ | None:
    names = ("*", action, f"{api}.{action}", f"{api}.*")
    return next((rule for rule in rules if rule.action in names), None)


def _used(rules: tuple[Counted, ...], used: Counted | None) -> tuple[Counted, ...]:
    left = []
    for rule in rules:
        if rule is not used:
            left.append(rule)
        elif rule.times > 1:
            left.append(replace(rule, times=rule.times - 1))
    return tuple(left)
