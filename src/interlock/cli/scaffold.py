"""The files of a new project: small, and working as they are."""

from __future__ import annotations

from typing import Final

SETTINGS: Final = """\
# The settings of this project. `interlock config` prints all of them, and where each comes from.

store = ".interlock/interlock.db"
graphs = "graphs"
tools = ["tools"]
"""

GRAPH: Final = """\
graph: hello
language: 1
description: Greet somebody, and let a person look at it where that matters.
inputs:
  name: {type: string, default: World}
nodes:
  greet: {tool: greet, input: {name: "${inputs.name}"}}
  polite: {gate: ["${greet.words > 1}"]}
  check:
    human: "Send this to the king: ${greet.text}?"
    when: '${inputs.name == "King"}'
    after: polite
    choices: [send, drop]
outputs:
  text: "${greet.text}"
"""

TOOLS: Final = '''\
"""Tools are functions. Their types say what they take and give; a graph calls them by name."""

from interlock import tool


@tool(effect="read")
def greet(name: str) -> dict[str, object]:
    """Greet somebody."""
    text = f"Hello {name}!"
    return {"text": text, "words": len(text.split())}
'''

TEST: Final = '''\
"""A graph is tested like any function: run it, and look at what it gave."""

from pathlib import Path

from interlock import Interlock

PROJECT = Path(__file__).parent.parent


def test_hello_greets_by_name() -> None:
    interlock = Interlock(tools=[PROJECT / "tools"], graphs=PROJECT / "graphs")

    result = interlock.run("hello", {"name": "Ada"})

    assert result.outputs == {"text": "Hello Ada!"}
'''

GITIGNORE: Final = """\
.interlock/
"""

FILES: Final = {
    "interlock.toml": SETTINGS,
    "graphs/hello.yaml": GRAPH,
    "tools/hello.py": TOOLS,
    "tests/test_hello.py": TEST,
    ".gitignore": GITIGNORE,
}
"""What is written, by path in the project."""
