"""Random interleavings of turns, repeats, events, failures and deaths, against what must hold."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from handoff.dialogflow.turn import Meaning
from handoff.vocabulary import Dialect
from tests.frail import EXAMPLES, FAILURES, LONGEST_STEP, MOST_FAULTS, VERBS
from tests.heart import ANNA, BEN
from tests.world import World

MEANINGS = st.sampled_from([Meaning.OTHER, Meaning.MESSAGE, Meaning.START])
FEW, FAILURE = st.integers(0, 3), st.sampled_from(FAILURES)

has_turns = precondition(lambda self: bool(self.turns))
has_room = precondition(lambda self: bool(self.open_rooms))
has_told = precondition(lambda self: bool(self.told))
had_room = precondition(lambda self: any(room.closed for room in self.bench.desk.rooms))
may_fail = precondition(lambda self: len(self.bench.desk.faults) < MOST_FAULTS)


class Interleavings(World):
    """Everything that can happen without a page."""

    begin = initialize(
        dialect=st.sampled_from(Dialect),
        verb=st.sampled_from(["", "identify", "open", "note"]),
        failure=FAILURE,
    )(World.begin)

    say = rule(meaning=MEANINGS)(World.say)
    start = rule()(World.start)
    poll = rule()(World.poll)
    leave = rule()(World.leave)
    start_over = rule()(World.start_over)
    repeat_turn = has_turns(rule(back=st.integers(1, 6))(World.repeat_turn))

    agent_says = has_room(rule(times=st.integers(0, 2))(World.agent_says))
    agent_comes_or_goes = has_room(
        rule(agent=st.sampled_from([ANNA, BEN]), leaves=st.booleans())(World.agent_comes_or_goes)
    )
    agent_closes = has_room(rule()(World.agent_closes))
    agent_is_faster_than_the_opening = rule()(World.agent_is_faster_than_the_opening)
    desk_tells_of_a_close = had_room(rule()(World.desk_tells_of_a_close))
    webhook = has_told(rule(back=st.integers(1, 5))(World.webhook))

    wake = rule()(World.wake)
    sweep = rule()(World.sweep)
    long_silence = rule()(World.long_silence)

    somebody_is_faster = rule(
        by=st.sampled_from(["wake", "poll", "webhook"]), at=st.integers(0, 2)
    )(World.somebody_is_faster)
    desk_fails = may_fail(rule(verb=st.sampled_from(VERBS), failure=FAILURE)(World.desk_fails))
    desk_will_refuse_a_message = may_fail(rule()(World.desk_will_refuse_a_message))
    process_will_die = rule(after=FEW, loses_answer=st.booleans())(World.process_will_die)
    process_will_die_in_a_call = rule(after=FEW)(World.process_will_die_in_a_call)
    process_dies_at_work = rule(loses_answer=st.booleans())(World.process_dies_at_work)
    time_passes = rule(step=st.sampled_from([0.5, LONGEST_STEP]))(World.time_passes)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    # Shrinking takes minutes: a failure is printed as it was found, with what repeats it.
    phases=(Phase.reuse, Phase.generate),
    print_blob=True,
)
