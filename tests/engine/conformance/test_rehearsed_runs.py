"""Runs rehearsed by the core alone: wherever one is cut, moved or paused, it comes to the same end."""

from __future__ import annotations

import pytest

from interlock import tool
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.plan import Plan
from interlock.engine.conformance.rehearsed_runs import decoded_log, encoded_log, rehearse_run
from interlock.tools.toolbox import collect_tools


@tool(effect="once", undo="take_back")
def pay(amount: int) -> int:
    """Pay."""
    return amount


@tool(effect="idempotent")
def take_back(amount: int) -> None:
    """Take it back."""


def plan(**nodes: object) -> Plan:
    """A graph of these nodes."""
    compiled = compile_graph({"graph": "g", "nodes": nodes}, Catalogue(collect_tools([pay, take_back]).contracts()))
    assert compiled.plan is not None, compiled.errors
    return compiled.plan


GRAPHS = {
    "a chain": plan(a={"tool": "pay", "input": {"amount": 1}}, b={"tool": "pay", "input": {"amount": 2}, "after": "a"}),
    "a person": plan(a={"human": "?", "choices": ["yes", "no"], "quorum": 2}, b={"value": 1, "after": "a"}),
    "a form": plan(a={"human": "?", "form": {"type": "object", "properties": {"n": {"type": "integer"}}}}),
    "a held gate": plan(a={"gate": ["${false}"], "otherwise": "hold"}),
    "a rollback": plan(
        a={"tool": "pay", "input": {"amount": 1}, "undo": {"tool": "take_back", "input": {"amount": 1}}},
        b={"gate": ["${a > 5}"], "otherwise": "rollback"},
    ),
    "items and rounds": plan(
        a={"value": [1, 2, 3]},
        b={"each": "${a}", "as": "x", "do": {"tool": "pay", "input": {"amount": "${x}"}}},
        c={"loop": {"d": {"value": "${round.index}"}}, "until": "${d >= 2}", "max": 5},
    ),
    "a wait": plan(a={"wait": "10m"}, b={"value": 1, "after": "a"}),
}
each_graph = pytest.mark.parametrize("name", GRAPHS)


@each_graph
def test_a_run_that_is_cut_at_any_event_goes_on_byte_for_byte_as_it_was(name: str) -> None:
    """The log is all there is: who has it knows everything."""
    whole = rehearse_run(GRAPHS[name])

    moved = [
        rehearse_run(GRAPHS[name], log=decoded_log(encoded_log(whole.log[:cut]))).traces
        for cut in range(1, len(whole.log))
    ]

    assert whole.status in {"succeeded", "rolled_back"}
    assert moved == [whole.traces] * (len(whole.log) - 1)


@each_graph
def test_a_run_that_is_paused_at_any_event_comes_to_the_same_end(name: str) -> None:
    """A pause changes when, and nothing else."""
    whole = rehearse_run(GRAPHS[name])

    ends = {rehearse_run(GRAPHS[name], pauses_at=place).status for place in range(1, len(whole.log))}

    assert ends == {whole.status}


def test_a_run_that_waits_for_what_nobody_makes_up_is_said_to() -> None:
    """It is not waited for, and not taken for an end."""
    stuck = rehearse_run(plan(a={"wait": {"event": "merged"}}))

    assert (stuck.status, stuck.stuck) == ("", "a waits for what nobody makes up")
