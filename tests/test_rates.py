"""How often one name may come."""

from __future__ import annotations

import pytest

from handoff.rates import MOST_NAMES, Rates, Recent


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_burst_is_allowed_and_then_so_many_a_second() -> None:
    watch = Watch()
    rates = Rates(2, burst=3, clock=watch)
    assert [rates.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    watch.now += 0.5
    assert [rates.wait("a"), rates.wait("a")] == [0, 0.5]


def test_allowance_never_grows_over_the_burst() -> None:
    watch = Watch()
    rates = Rates(2, burst=2, clock=watch)
    rates.wait("a")
    watch.now += 1000
    assert [bool(rates.wait("a")) for _ in range(3)] == [False, False, True]


def test_one_name_takes_nothing_from_another() -> None:
    rates = Rates(1, burst=1, clock=Watch())
    assert [rates.wait("a"), bool(rates.wait("a")), rates.wait("b")] == [0, True, 0]


def test_refusals_cost_no_allowance() -> None:
    watch = Watch()
    rates = Rates(1, burst=1, clock=watch)
    for _ in range(10):
        rates.wait("a")
    watch.now += 1
    assert rates.wait("a") == 0


def test_zero_allows_all() -> None:
    rates = Rates(0, burst=0)
    assert not any(rates.wait("a") for _ in range(1000))


def test_memory_is_bounded() -> None:
    rates = Rates(1, burst=1, clock=Watch())
    for number in range(MOST_NAMES + 1):
        rates.wait(str(number))
    assert rates.wait("0") == 0, "who came longest ago is forgotten"
    assert rates.wait(str(MOST_NAMES)) > 0


@pytest.mark.parametrize("per_second", [0.05, 0.5, 20, 1000])
def test_who_waits_as_long_as_told_is_served(per_second: float) -> None:
    watch = Watch()
    rates = Rates(per_second, burst=3, clock=watch)
    while not (wait := rates.wait("a")):
        pass
    watch.now += wait + 1e-6
    assert rates.wait("a") == 0


def test_newest_names_are_remembered() -> None:
    recent: Recent[int] = Recent()
    for number in range(MOST_NAMES + 1):
        recent.put(number, number)
    assert recent.get(0) is None
    assert [recent.get(1), recent.get(MOST_NAMES)] == [1, MOST_NAMES]


def test_name_that_comes_again_is_new_again() -> None:
    recent: Recent[str] = Recent()
    recent.put("a", "first")
    for number in range(MOST_NAMES - 1):
        recent.put(number, "")
    assert recent.put("a", "second") == "second"
    recent.put("b", "")
    assert [recent.get("a"), recent.get(0), recent.get(1)] == ["second", None, ""]


def test_name_that_never_came_is_not_remembered() -> None:
    assert Recent[str]().get("a") is None
