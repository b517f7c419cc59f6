"""Lists in HAL pages, and the checks that several calls share."""

from collections.abc import Sequence
from typing import Any

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import bad
from demo.rest import Json

VERSION = "Chat Gateway v1.0"


def page(call: Call, name: str, resources: Sequence[Json]) -> Answer:
    """Return one page of a list; pages count from zero."""
    number, size = _number(call, "page", 0), max(_number(call, "size", 20), 1)
    shown = resources[number * size : (number + 1) * size]
    body = {
        "_embedded": {name: list(shown)},
        "_links": {"self": {"href": call.path}},
        "page": {
            "size": size,
            "number": number,
            "totalElements": len(resources),
            "totalPages": -(-len(resources) // size),
        },
    }
    return Answer(body=body)


def _number(call: Call, name: str, default: int) -> int:
    given = call.query.get(name, str(default))
    if not given.isdigit():
        raise bad("invalid_parameter", f"`{name}` is not a number")
    return int(given)


def newest_first(call: Call, default: str, fields: Sequence[str]) -> bool:
    """Return which way a list is to be sorted; a field that cannot be sorted by is refused."""
    field, _, way = call.query.get("sort", default).partition(":")
    if field not in fields or way not in {"", "asc", "desc"}:
        raise bad("invalid_sort", "Cannot be sorted like that")
    return way == "desc"


def text(body: Json, name: str, *, longest: int, required: bool = True) -> str:
    """Return a text field of a body."""
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > longest or (required and not value):
        raise bad("invalid_field", f"`{name}` must be a text of 1 to {longest} characters")
    return value


def obj(body: Json, name: str) -> Json:
    """Return an object in a body, empty where there is none."""
    value: Any = body.get(name) or {}
    if not isinstance(value, dict):
        raise bad("invalid_field", f"`{name}` must be an object")
    return value
