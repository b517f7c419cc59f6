"""Tokens that all instances share: one renews, the others use what is there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from handoff.errors import ProviderError, Rejected, Unavailable
from handoff.exchange import Token
from handoff.sqlite import SqliteStore
from handoff.store import StoredToken, Version
from handoff.tokens import LONGEST_RENEWAL, MOST_REMEMBERED, RENEW_BEFORE, Deadline
from tests.fakes import FixedClock
from tests.tokens.office import LIFE, NAME, Office

AHEAD = RENEW_BEFORE.total_seconds()


async def test_first_call_makes_a_token_and_shares_it(office: Office) -> None:
    assert await office.visit(office.instance()) == 200
    stored = await office.stored()
    assert (office.minted, office.shown) == (1, ["token-1"])
    assert (stored.value, stored.busy_until) == ("token-1", None)
    assert stored.expires_at == office.clock() + LIFE


async def test_token_serves_until_shortly_before_its_end(office: Office) -> None:
    caller = office.instance()
    await office.visit(caller)
    office.clock.now += LIFE - RENEW_BEFORE - timedelta(seconds=1)
    await office.visit(caller)
    assert office.minted == 1
    office.clock.advance(1)
    await office.visit(caller)
    assert office.shown == ["token-1", "token-1", "token-2"]


async def test_token_that_is_known_costs_no_read(office: Office) -> None:
    caller = office.instance()
    await office.visit(caller)
    await office.store.close()
    assert await office.visit(caller) == 200


async def test_twenty_calls_at_once_in_one_instance_make_one_token(office: Office) -> None:
    caller = office.instance()
    assert await asyncio.gather(*(office.visit(caller) for _ in range(20))) == [200] * 20
    assert (office.minted, set(office.shown)) == (1, {"token-1"})


async def test_ten_instances_at_once_make_one_token(office: Office) -> None:
    instances = [office.instance() for _ in range(10)]
    assert await asyncio.gather(*map(office.visit, instances)) == [200] * 10
    assert (office.minted, set(office.shown)) == (1, {"token-1"})


async def test_refused_token_is_renewed_once(office: Office) -> None:
    caller = office.instance()
    await office.visit(caller)
    office.refused = {"token-1"}
    assert await office.visit(caller) == 200
    assert office.shown == ["token-1", "token-1", "token-2"]
    assert office.minted == 2


async def test_token_that_is_refused_twice_is_the_callers_business(office: Office) -> None:
    office.refused = {"token-1", "token-2", "token-3"}
    assert await office.visit(office.instance()) == 401
    assert office.minted == 2


async def test_instances_whose_token_is_refused_renew_it_once(office: Office) -> None:
    instances = [office.instance() for _ in range(10)]
    await asyncio.gather(*map(office.visit, instances))
    office.refused = {"token-1"}
    assert await asyncio.gather(*map(office.visit, instances)) == [200] * 10
    assert office.minted == 2


async def test_others_use_the_old_token_while_one_renews_it_ahead(office: Office) -> None:
    await office.put("old", left=AHEAD)
    office.hold = asyncio.Event()
    renewing = asyncio.create_task(office.visit(office.instance()))
    await office.at_the_counter.wait()
    await office.visit(office.instance())
    assert (office.shown, office.minted) == (["old"], 1)
    office.hold.set()
    await renewing
    assert office.shown == ["old", "token-1"]


async def test_others_wait_while_one_renews_a_token_that_ended(office: Office) -> None:
    await office.put("old", left=0)
    office.hold = asyncio.Event()
    renewing = asyncio.create_task(office.visit(office.instance()))
    await office.at_the_counter.wait()
    waiting = asyncio.create_task(office.visit(office.instance()))
    office.hold.set()
    assert [await renewing, await waiting] == [200, 200]
    assert (office.shown, office.minted) == (["token-1", "token-1"], 1)


async def test_others_wait_no_longer_than_they_have(office: Office) -> None:
    await office.put("old", left=0, busy=10)
    with pytest.raises(Unavailable) as caught:
        await office.visit(office.instance(), within=0.15)
    assert caught.value.certain
    assert (office.minted, office.shown) == (0, [])


async def test_renewal_of_a_dead_instance_is_taken_over(office: Office) -> None:
    await office.put("old", left=0, busy=LONGEST_RENEWAL.total_seconds())
    office.clock.now += LONGEST_RENEWAL
    assert await office.visit(office.instance()) == 200
    assert (office.minted, office.shown) == (1, ["token-1"])


async def test_failed_renewal_is_the_callers_failure_and_frees_the_mark(office: Office) -> None:
    office.failures = [Rejected("no")]
    with pytest.raises(Rejected):
        await office.visit(office.instance())
    assert (await office.stored()).busy_until is None
    assert await office.visit(office.instance()) == 200


async def test_renewal_ahead_that_fails_leaves_the_old_token_to_serve(office: Office) -> None:
    await office.put("old", left=AHEAD)
    office.failures = [Unavailable("down")]
    assert await office.visit(office.instance()) == 200
    assert office.shown == ["old"]


async def test_token_that_ended_is_not_used_when_its_renewal_fails(office: Office) -> None:
    await office.put("old", left=0)
    office.failures = [Unavailable("down")]
    with pytest.raises(Unavailable):
        await office.visit(office.instance())
    assert office.shown == []


async def test_waiting_in_one_instance_lasts_no_longer_than_one_has(office: Office) -> None:
    caller = office.instance()
    office.hold = asyncio.Event()
    renewing = asyncio.create_task(office.visit(caller))
    await office.at_the_counter.wait()
    hurried = asyncio.create_task(office.visit(caller, within=0.05))
    done, _ = await asyncio.wait({hurried}, timeout=1)
    office.hold.set()
    assert (await renewing, office.minted) == (200, 1)
    assert done == {hurried}
    with pytest.raises(Unavailable) as caught:
        await hurried
    assert caught.value.certain


async def test_renewal_that_had_no_time_to_end_frees_the_mark(office: Office) -> None:
    office.hold = asyncio.Event()
    with pytest.raises(Unavailable):
        await office.visit(office.instance(), within=0.05)
    assert (await office.stored()).busy_until is None


async def test_renewal_ahead_that_hangs_leaves_the_old_token_to_serve(office: Office) -> None:
    await office.put("old", left=AHEAD)
    office.hold = asyncio.Event()
    assert await office.visit(office.instance(), within=0.3) == 200
    assert office.shown == ["old"]


@pytest.mark.parametrize("error", [Unavailable("down"), Rejected("no")])
async def test_renewal_ahead_that_fails_is_tried_again_at_the_next_call(
    office: Office, error: ProviderError
) -> None:
    caller = office.instance()
    await office.put("old", left=AHEAD)
    office.failures = [error]
    await office.visit(caller)
    assert (await office.stored()).busy_until is None
    await office.visit(caller)
    assert office.shown == ["old", "token-2"]


async def test_refused_token_does_not_serve_when_its_renewal_fails(office: Office) -> None:
    await office.put("old", left=3600)
    office.refused, office.failures = {"old"}, [Unavailable("down")]
    with pytest.raises(Unavailable):
        await office.visit(office.instance())
    assert office.shown == ["old"]


class Contested(SqliteStore):
    """A store where another instance is first, once."""

    contested = True

    async def put_token(self, name: str, token: StoredToken) -> Version:
        """Let the other one write before."""
        if self.contested and token.busy_until is not None:
            self.contested = False
            other = StoredToken(value="theirs", expires_at=token.expires_at + LIFE)
            await super().put_token(name, other)
        return await super().put_token(name, token)


async def test_renewal_that_another_instance_began_first_is_left_to_it(clock: FixedClock) -> None:
    office = Office(Contested(":memory:", clock=clock), clock)
    assert await office.visit(office.instance()) == 200
    assert (office.minted, office.shown) == (0, ["theirs"])
    await office.store.close()


async def test_renewal_that_took_too_long_does_not_overwrite_the_next(office: Office) -> None:
    office.hold = asyncio.Event()
    slow = asyncio.create_task(office.visit(office.instance()))
    await office.at_the_counter.wait()
    await office.put("newer", left=3600)
    office.hold.set()
    assert await slow == 200
    assert (await office.stored()).value == "newer"


async def test_token_that_came_by_another_way_is_shared(office: Office) -> None:
    token = Token(value="given", expires_at=office.clock() + LIFE)
    await office.instance().keep(NAME, token)
    await office.visit(office.instance())
    assert (office.minted, office.shown) == (0, ["given"])


async def test_token_that_comes_again_replaces_the_one_before(office: Office) -> None:
    caller = office.instance()
    for value in ("first", "second"):
        await caller.keep(NAME, Token(value=value, expires_at=office.clock() + LIFE))
    await office.visit(caller)
    assert (office.shown, (await office.stored()).value) == (["second"], "second")


async def test_instance_remembers_only_so_many_tokens(office: Office) -> None:
    caller = office.instance()
    token = Token(value="t", expires_at=office.clock() + LIFE)
    await caller.keep(NAME, token)
    for number in range(MOST_REMEMBERED):
        await caller.keep(f"other {number}", token)
    await office.put("newer", left=3600)
    await office.visit(caller)
    assert office.shown == ["newer"]


@pytest.mark.parametrize("left", [0.0, -1.0])
async def test_nothing_is_sent_when_time_is_up(office: Office, left: float) -> None:
    await office.put("good", left=3600)
    with pytest.raises(Unavailable) as caught:
        await office.visit(office.instance(), within=left)
    assert (caught.value.certain, office.shown, office.minted) == (True, [], 0)


def test_deadline_counts_down() -> None:
    assert 4.9 < Deadline.after(5).left <= 5
    assert Deadline.after(-1).left < 0
    assert Deadline().left < 0
