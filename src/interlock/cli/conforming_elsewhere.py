"""The other processes of `interlock conformance`: the same project loaded anew, under other hash seeds.

One goes on with what was moved there, the other takes all agents from their beginning. Each is told its part on its
standard input, and says what came of it in the last line of its output.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec

from interlock.cli.failures import CommandError
from interlock.cli.invocation import Invocation
from interlock.cli.opening import project_client
from interlock.engine.conformance.moving_checks import (
    CameOf,
    Elsewhere,
    Moved,
    as_text,
    from_the_beginning,
    go_on_with,
)
from interlock.engine.conformance.subject import Subject
from interlock.engine.performing import ready_agent

SECONDS_MAX: Final = 120
_PROGRAM: Final = "from interlock.cli.conforming_elsewhere import main; main()"

Part: TypeAlias = Literal["go on", "begin"]
T = TypeVar("T")


def subject_of(graph: str, tools: Sequence[str]) -> Subject:
    """A graph of the project with everything that is inspected of it. Raises what is wrong with the graph."""
    client = project_client(Invocation(tools=list(tools) or None))
    plan, _ = client.check(graph).accepted()
    ready = {name: ready_agent(contract, client.agents) for name, contract in plan.agents.items()}
    return Subject(
        plan=plan,
        agents={name: agent for name, agent in ready.items() if agent is not None},
        tools={tool.name: tool for tool in client.toolbox},
        judge=client.policy.judge,
    )


def done_elsewhere(graph: str, tools: Sequence[str], moved: Moved) -> Elsewhere:
    """What came of it in two other processes, which work side by side."""
    goes_on = _Other("go on", graph, tools, moved, hash_seed=_other_seed(1))
    begins = _Other("begin", graph, tools, moved, hash_seed=_other_seed(2))
    return Elsewhere(
        moved=moved, came_of=goes_on.answer(CameOf), from_the_beginning=begins.answer(dict[str, list[str]])
    )


def _other_seed(seed: int) -> int:
    """A hash seed that is not the one of this process, if that was set."""
    return seed + 2 if os.environ.get("PYTHONHASHSEED") == str(seed) else seed


class _Other:
    """Another process."""

    def __init__(self, part: Part, graph: str, tools: Sequence[str], moved: Moved, *, hash_seed: int) -> None:
        self._job = json.dumps({"part": part, "graph": graph, "tools": list(tools), "moved": as_text(moved)})
        self._process = subprocess.Popen(  # noqa: S603 - this program, with words of its own
            [sys.executable, "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        )

    def answer(self, kind: type[T]) -> T:
        """What came of its part."""
        with self._process as process:
            try:
                out, errors = process.communicate(self._job, timeout=SECONDS_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                raise CommandError(f"another process did not rehearse the graph in {SECONDS_MAX} s") from None
        said = out.strip().rpartition("\n")[2]
        if process.returncode != 0 or not said:
            last = errors.strip().rpartition("\n")[2] or "it said nothing"
            raise CommandError(f"another process could not rehearse the graph: {last}")
        return msgspec.msgpack.decode(base64.b64decode(said), type=kind)


def main() -> None:
    """Do one part here."""
    job: dict[str, Any] = json.loads(sys.stdin.read())
    subject = subject_of(job["graph"], job["tools"])
    if job["part"] == "begin":
        came = as_text(from_the_beginning(subject))
    else:
        came = as_text(go_on_with(subject, msgspec.msgpack.decode(base64.b64decode(job["moved"]), type=Moved)))
    sys.stdout.write(f"\n{came}\n")
