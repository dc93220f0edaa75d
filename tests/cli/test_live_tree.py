"""The tree that is drawn on a terminal while a run runs."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
from typing import Any

from rich.console import Console

from interlock.agents import agent
from interlock.cli.tree import tree_rows
from interlock.cli.tree_drawing import Row, fitted, tree_lines
from interlock.cli.watching import LiveTree
from interlock.core.catalogue import Catalogue
from interlock.core.compile import compile_graph
from interlock.core.events import Body, EffectDone, EffectIntended, Event, NodeStarted, RunStarted
from interlock.engine.live_words import Words
from interlock.engine.telling.history import Copies, NodeView, RunView
from tests.cli.command_line import CommandLine
from tests.cli.test_app import PROGRAM

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
"""What moves the cursor or colours."""


class TreeOnPaper:
    """The live tree of a run whose events a test makes up."""

    def __init__(self, nodes: dict[str, Any]) -> None:
        fixer = agent("fixer", prompt="You fix things.", output={"number": "integer"})
        compiled = compile_graph({"graph": "g", "nodes": nodes}, Catalogue(agents={"fixer": fixer.contract}))
        assert compiled.plan is not None
        self._seq = 0
        self._console = Console(file=io.StringIO(), width=80, height=30, force_terminal=True, record=True)
        self.tree = LiveTree(compiled.plan, "r", self._console, store=None)

    def takes(self, body: Body, *, path: str) -> None:
        """One more event."""
        self._seq += 1
        self.tree.take(Event(self._seq, self._seq * 1_000_000, path, body))

    def lines(self) -> list[str]:
        """What is drawn just now."""
        self._console.print(self.tree.frame())
        return self._console.export_text(clear=True).splitlines()


def view_of(*nodes: NodeView) -> RunView:
    """A run with these nodes."""
    return RunView(run="r", graph="g", status="running", seq=1, at=0, nodes={node.path: node for node in nodes})


def test_a_terminal_sees_the_tree_and_then_the_outputs(interlock: CommandLine) -> None:
    """On a terminal the run is drawn, and what it came to stands below when it is over."""
    interlock.graph("hello", "greet: {tool: greet, input: {name: Ada}}\nnap: {wait: 300ms, after: greet}")
    master, slave = pty.openpty()
    with subprocess.Popen([*PROGRAM, "run", "hello"], stdout=slave, stderr=slave, stdin=slave) as program:
        os.close(slave)
        screen = _read_all(master)

    assert program.returncode == 0
    assert "nap waits until" in screen
    assert screen.index("✓ greet") < screen.rindex("succeeded in")


def _read_all(terminal: int) -> str:
    """The words that are printed until the program closes its terminal."""
    printed = b""
    try:
        while chunk := os.read(terminal, 65_536):
            printed += chunk
    except OSError:
        # On Linux the end of a terminal is an error of reading it.
        pass
    finally:
        os.close(terminal)
    return " ".join(_CONTROL.sub("", printed.decode()).split())


def test_of_many_items_those_that_live_or_failed_are_shown() -> None:
    """Of ten thousand items nobody reads the ones that are done."""
    holder = NodeView(path="g", kind="each", status="running", started_at=0, copies=Copies(50, 50, 48, 1))
    items = [
        NodeView(
            path=f"g:{index}", kind="tool", status="failed" if index == 3 else "succeeded", holder="g", place=(index, 0)
        )
        for index in range(50)
    ]

    rows = tree_rows(view_of(holder, *items), now=0)

    assert [row.name for row in rows] == ["g", "g:3", *(f"g:{index}" for index in range(43, 50)), "… 42 more items"]


def test_everything_is_shown_if_asked_for() -> None:
    """Sometimes the item that is done is the one that matters."""
    holder = NodeView(path="g", kind="each", status="running", started_at=0, copies=Copies(50, 50, 50))
    items = [
        NodeView(path=f"g:{index}", kind="tool", status="succeeded", holder="g", place=(index, 0))
        for index in range(50)
    ]

    assert len(tree_rows(view_of(holder, *items), now=0, is_full=True)) == 51


def test_nodes_of_a_round_stand_below_their_round() -> None:
    """A loop reads as rounds, each with what was done in it; rounds are counted as people do."""
    loop = NodeView(path="r", kind="loop", status="running", started_at=0, copies=Copies(3, 2, 1))
    draft = NodeView(path="r:0/draft", kind="tool", status="succeeded", holder="r", place=(0, 0))
    again = NodeView(path="r:1/draft", kind="tool", status="running", holder="r", place=(1, 0))

    rows = tree_rows(view_of(loop, draft, again), now=0)

    assert [(row.depth, row.status, row.name) for row in rows] == [
        (0, "running", "r"),
        (1, "succeeded", "round 1"),
        (2, "succeeded", "draft"),
        (1, "running", "round 2"),
        (2, "running", "draft"),
    ]


def test_where_room_is_short_what_lives_is_kept_with_what_it_stands_below() -> None:
    """A terminal of few lines still shows where the run is."""
    rows = [
        Row(0, "succeeded", "a"),
        Row(0, "running", "g"),
        *(Row(1, "succeeded", f"g:{index}") for index in range(9)),
        Row(1, "running", "g:9"),
    ]

    assert [row.name for row in fitted(rows, 4)] == ["a", "g", "g:9", "… 9 more"]


def test_lines_never_pass_the_width_of_the_terminal() -> None:
    """A line that wraps would break the drawing of all lines above it."""
    rows = [Row(0, "running", "name" * 20, "日本語" * 40, "1.2 s"), Row(1, "failed", "x", "y" * 200)]

    lines = tree_lines(rows, width=40, is_ascii=False)

    assert [line.cell_len for line in lines] == [40, 40]


def test_what_a_model_is_saying_stands_below_its_node_until_it_has_said_it() -> None:
    """Who watches an agent at work wants to see that it is at work, and in the end what it came to."""
    shown = TreeOnPaper({"fix": {"agent": "fixer", "input": {}}})
    shown.takes(RunStarted("b", "g", "h", 1, {}), path="")
    shown.takes(NodeStarted(1, "e1", "d", tool="fixer", is_agent=True), path="fix")
    shown.takes(EffectIntended(1, "s1", "script/any", kind="model", key="turn 1"), path="fix")

    shown.tree.words(Words("fix", "Let me "))
    shown.tree.words(Words("fix", "see\x1b[2J…\n" + "and see " * 40))
    while_it_speaks = shown.lines()
    shown.takes(EffectDone(1, "s1", {"text": "Let me see"}), path="fix")

    [said] = [line for line in while_it_speaks if "says" in line]
    assert said.split() == ["says", *said.split()[1:]]
    assert "\x1b" not in said
    assert said.rstrip().endswith("and see")
    assert len(said) <= 80
    assert [line for line in shown.lines() if "says" in line] == []
