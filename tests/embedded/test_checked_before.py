"""A graph is compiled again when anything that it is made of has changed, and else not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from interlock import Interlock

GRAPH = "graph: sum\nlanguage: 1\nnodes: {a: {value: %s}}\n"
AGENT = "agent: clerk\nprompt: You %s.\noutput: {done: boolean}\n"
LONG_AGO = time.time() - 3_600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a graph and an agent that nobody has touched for an hour."""
    for file, text in {"graphs/sum.yaml": GRAPH % 1, "agents/clerk.yaml": AGENT % "count"}.items():
        write(tmp_path / file, text)
    return tmp_path


def write(file: Path, text: str, *, at: float = LONG_AGO) -> None:
    """A file that was changed then."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, encoding="utf-8")
    os.utime(file, (at, at))


def client_of(project: Path) -> Interlock:
    """What runs the graphs of a project."""
    return Interlock(graphs=str(project / "graphs"), agents=[project / "agents"])


def test_a_graph_that_is_what_it_was_is_not_compiled_again(project: Path) -> None:
    """A server is asked for it a thousand times a minute."""
    interlock = client_of(project)

    first, again = interlock.check("sum"), interlock.check("sum")

    assert again is first


def test_a_graph_that_was_edited_is_run_as_it_is_now(project: Path) -> None:
    """Also if its size is the same, and if another file was put in its place."""
    interlock = client_of(project)
    before = interlock.check("sum")

    write(project / "graphs" / "sum.yaml", GRAPH % 2, at=LONG_AGO + 1)
    after = interlock.check("sum")

    assert before.compiled.plan is not None
    assert after.compiled.plan is not None
    assert before.compiled.plan.graph_hash != after.compiled.plan.graph_hash


def test_a_graph_is_compiled_again_when_another_one_or_an_agent_changes(project: Path) -> None:
    """It may name them, and what it means is then another thing."""
    interlock = client_of(project)
    first = interlock.check("sum")

    write(project / "agents" / "clerk.yaml", AGENT % "sum up")
    second = interlock.check("sum")
    write(project / "graphs" / "other.yaml", "graph: other\nlanguage: 1\nnodes: {a: {value: 1}}\n")
    third = interlock.check("sum")

    assert second is not first
    assert third is not second


def test_a_file_that_has_just_been_written_is_not_trusted_to_stay(project: Path) -> None:
    """Clocks of file systems tick in milliseconds: a second change within one would not be seen."""
    interlock = client_of(project)
    write(project / "graphs" / "sum.yaml", GRAPH % 3, at=time.time() + 60)

    first, again = interlock.check("sum"), interlock.check("sum")

    assert again is not first
