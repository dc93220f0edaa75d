"""The simulator sees bugs: one at a time is put into the core, and within a few schedules a rule is seen to break."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.fleet_mutations import FLEET_MUTATIONS, FleetMutation, injected_in_fleet
from tests.simulation.mutations import AGENT_MUTATIONS, FORGOTTEN_STEP, MUTATIONS, Mutation, injected
from tests.simulation.run import Level, first_broken_rule

SEEDS_MAX = 1500
FLEET_SEEDS_MAX = 300
AGENT_SEEDS_MAX = 200
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_bug_in_the_core_is_seen(mutation: Mutation) -> None:
    """A simulator that finds nothing proves something only if it finds what is there."""
    with injected(mutation):
        broken = first_broken_rule(1, SEEDS_MAX)

    assert broken is not None, f"{SEEDS_MAX} schedules did not see that {mutation.name}"
    assert broken.rule in mutation.breaks, broken


@pytest.mark.parametrize("mutation", AGENT_MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_bug_in_what_agents_may_spend_is_seen(mutation: Mutation) -> None:
    """Money that is counted wrongly is noticed by nobody but who counts it once more."""
    with injected(mutation):
        broken = first_broken_rule(1, AGENT_SEEDS_MAX, level="agents")

    assert broken is not None, f"{AGENT_SEEDS_MAX} schedules did not see that {mutation.name}"
    assert broken.rule in mutation.breaks, broken


@pytest.mark.parametrize(("level", "first"), [("core", 1), ("engine", 250), ("fleet", 60)])
def test_a_step_that_is_forgotten_is_seen_on_every_level(level: Level, first: int) -> None:
    """It takes a death and a cancel in the same moment: each level brings them about in its own way."""
    with injected(FORGOTTEN_STEP):
        broken = first_broken_rule(first, first + FLEET_SEEDS_MAX, level=level)

    assert broken is not None, f"no schedule saw that {FORGOTTEN_STEP.name}"
    assert broken.rule in FORGOTTEN_STEP.breaks, broken


@pytest.mark.parametrize("mutation", FLEET_MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_bug_in_what_processes_share_is_seen(mutation: FleetMutation) -> None:
    """Two of them must meet in the wrong moment: the simulator brings them there."""
    with injected_in_fleet(mutation):
        broken = first_broken_rule(mutation.first, FLEET_SEEDS_MAX, level="fleet")

    assert broken is not None, f"{FLEET_SEEDS_MAX} schedules did not see that {mutation.name}"
    assert broken.rule in mutation.breaks, broken


@pytest.mark.parametrize(("level", "schedules"), [("core", 60), ("engine", 30), ("fleet", 20)])
def test_logs_are_the_same_byte_for_byte_under_any_hash_seed(level: str, schedules: int) -> None:
    """An order that depends on hashes is invisible inside one process, and breaks every replay in the next."""
    digests = {digest_of_schedules(hash_seed, level, schedules) for hash_seed in ("0", "1", "4242")}

    assert len(digests) == 1


def test_an_order_that_depends_on_hashes_is_seen() -> None:
    """The check above is worth something: with such a bug put in, the logs differ."""
    digests = {digest_of_schedules(hash_seed, "core", 60, "in-hash-order") for hash_seed in ("0", "1", "4242")}

    assert len(digests) == 3


def digest_of_schedules(hash_seed: str, level: str, schedules: int, *words: str) -> str:
    """The digest of some schedules, run in a process of their own."""
    found = subprocess.run(
        [sys.executable, "-m", "tests.simulation.run_digest", level, "1", str(schedules), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout
