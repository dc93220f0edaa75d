"""The state is a fold of the log: from wherever it is begun, the same events lead to the same state."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from interlock.core.decide import decide
from interlock.core.evolve import evolve
from interlock.core.settle import fold, unpacked
from interlock.core.state import RunState, copy_state, decode_state, encode_state
from interlock.core.values import ENCODER
from tests.simulation.simulator import Simulation

SEEDS = st.integers(200_001, 300_000)
SHARES = st.floats(0, 1)


def finished(seed: int) -> Simulation:
    """A run of a random graph under a random schedule, from its start to its end."""
    simulation = Simulation(seed)
    simulation.run()
    return simulation


def state_after(run: Simulation, count: int) -> RunState:
    """The state after so many events."""
    return fold(run.plan, RunState(run.name), run.log[:count])


@given(SEEDS, SHARES)
def test_a_snapshot_and_the_rest_of_the_log_give_the_state_of_the_whole_log(seed: int, share: float) -> None:
    """A snapshot bounds how long resuming takes, and must not change where it leads."""
    run = finished(seed)
    count = int(share * len(run.log))

    resumed = fold(run.plan, decode_state(encode_state(state_after(run, count))), run.log[count:])

    assert encode_state(resumed) == encode_state(run.state)


@given(SEEDS, SHARES)
def test_evolving_a_copy_leaves_the_original_as_it_was(seed: int, share: float) -> None:
    """Whoever looks at a state as it would be owns a copy: nothing of it is shared with the state that is driven."""
    run = finished(seed)
    count = int(share * (len(run.log) - 1))
    original = state_after(run, count)
    written = encode_state(original)

    evolved = evolve(run.plan, copy_state(original), run.log[count])

    assert encode_state(original) == written
    assert encode_state(evolved) == encode_state(evolve(run.plan, original, run.log[count]))


@given(SEEDS, SHARES)
def test_deciding_changes_nothing_and_gives_the_same_twice(seed: int, share: float) -> None:
    """A decision may be asked for again at any time: after a missing value was loaded, or by who only looks."""
    run = finished(seed)
    state = state_after(run, int(share * len(run.log)))
    written = encode_state(state)

    first, second = decide(run.plan, state, {}, unpacked), decide(run.plan, state, {}, unpacked)

    assert ENCODER.encode(first) == ENCODER.encode(second)
    assert encode_state(state) == written
