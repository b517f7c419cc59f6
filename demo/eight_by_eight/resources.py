"""Lists: in HAL pages as the gateway has them, and with headers as the statistics do."""

from collections.abc import Sequence

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import Refuse, as_bad, bad, bad_metrics
from demo.rest import Json

MOST_METRICS = 1_000


def page(call: Call, name: str, resources: Sequence[Json]) -> Answer:
    """Return one page of a list; pages count from zero."""
    refuse = as_bad("invalid_parameter")
    number, size = _number(call, "page", 0, refuse), _number(call, "size", 20, refuse)
    if "filter" in call.query or not size:
        raise refuse("this simulator has no filters, and no empty pages")
    body = {
        "_embedded": {name: list(resources[number * size : (number + 1) * size])},
        "_links": {"self": {"href": call.path}},
        "page": {
            "size": size,
            "number": number,
            "totalElements": len(resources),
            "totalPages": -(-len(resources) // size),
        },
    }
    return Answer(body=body)


def metrics_page(call: Call, rows: Sequence[Json]) -> Answer:
    """Return one page of the statistics: a bare list, with all about its pages in headers."""
    number, size = (_number(call, *one, bad_metrics) for one in (("page", 0), ("size", 100)))
    if not 1 <= size <= MOST_METRICS:
        raise bad_metrics(f"`size` is from 1 to {MOST_METRICS}")
    pages = max(-(-len(rows) // size), 1)
    if number >= pages:
        raise bad_metrics("there is no such page")
    facts = {"": number, "-Size": size}
    headers = {f"X-Page{name}": str(value) for name, value in facts.items()}
    headers |= {"X-Total-Pages": str(pages), "X-Total-Elements": str(len(rows))}
    return Answer(body=list(rows[number * size : (number + 1) * size]), headers=headers)


def _number(call: Call, name: str, default: int, refuse: Refuse) -> int:
    given = call.query.get(name, str(default))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise refuse(f"`{name}` is not a number")
    return int(given)


def newest_first(call: Call, default: str, fields: Sequence[str]) -> bool:
    """Return which way a list is to be sorted; a field that cannot be sorted by is refused."""
    field, _, way = call.query.get("sort", default).partition(":")
    if field not in fields or way not in {"", "asc", "desc"}:
        raise bad("invalid_sort", "Cannot be sorted like that")
    return way == "desc"
