"""Commands in a chat: `@flow`, `@agent`, `@tool`, `@discover`, `@queue` and `@answer`, read from what a person writes.

Pure, and knows no graph, agent or run: whether there is what a command names is found out by whoever carries it out.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

from msgspec import Struct

Shelf: TypeAlias = Literal["agents", "tools", "workflows"]


class RunFlow(Struct, frozen=True):
    """Run a graph: the one that the first word names, or else the one that fits the words best."""

    words: str


class AskAgent(Struct, frozen=True):
    """Give an agent something to do."""

    name: str
    words: str


class CallTool(Struct, frozen=True):
    """Call a tool. `given` is a JSON object, or words."""

    name: str
    given: str


Starts: TypeAlias = RunFlow | AskAgent | CallTool


class Queue(Struct, frozen=True):
    """Start something, and do not wait for it."""

    what: Starts


class FlowStatus(Struct, frozen=True):
    """How a run stands."""

    run: str


class FlowWait(Struct, frozen=True):
    """Wait for a run."""

    run: str


class Discover(Struct, frozen=True):
    """What there is: of one kind, or of all."""

    shelf: Shelf | None


class AnswerRun(Struct, frozen=True):
    """Answer what a run asks. The words may begin with the path of the question."""

    run: str
    words: str


class Misspelt(Struct, frozen=True):
    """A command that says too little: how it is written."""

    usage: str


Command: TypeAlias = Starts | Queue | FlowStatus | FlowWait | Discover | AnswerRun | Misspelt

USAGES: Final = {
    "@flow": "`@flow NAME what it is about` or `@flow what is wanted`, `@flow status RUN`, `@flow wait RUN`",
    "@agent": "`@agent NAME what it is to do`",
    "@tool": '`@tool NAME {"field": "value"}`, or words for a tool that takes one text',
    "@discover": "`@discover`, `@discover agents`, `@discover tools`, `@discover workflows`",
    "@queue": "`@queue flow NAME …`, `@queue agent NAME …`, `@queue tool NAME …`: as without `@queue`, not waited for",
    "@answer": "`@answer RUN choice`; with several questions `@answer RUN PATH choice`, for a form `@answer RUN {…}`",
}
_SHELVES: Final[dict[str, Shelf]] = {
    **{each: each for each in get_args(Shelf)},
    "flows": "workflows",
    "graphs": "workflows",
}


def parse_command(text: str) -> Command | None:
    """The command that a message is; None where it is none."""
    word, rest = _first_word(text)
    match word.lower():
        case "@flow":
            return _flow(rest)
        case "@agent" | "@tool" as kind:
            return _named(kind, rest)
        case "@discover":
            return _discover(rest)
        case "@queue":
            return _queue(rest)
        case "@answer":
            run, said = _first_word(rest)
            return AnswerRun(run, said) if run and said else Misspelt(USAGES["@answer"])
        case _:
            return None


def usages() -> str:
    """How all of them are written, as a list."""
    return "\n".join(f"- {usage}" for usage in USAGES.values())


def _flow(rest: str) -> Command:
    word, more = _first_word(rest)
    match word.lower():
        case "":
            return Misspelt(USAGES["@flow"])
        case "status" | "wait" as what if more and " " not in more:
            return FlowStatus(more) if what == "status" else FlowWait(more)
        case _:
            return RunFlow(rest)


def _named(kind: Literal["@agent", "@tool"], rest: str) -> Command:
    name, more = _first_word(rest)
    if not name or (kind == "@agent" and not more):
        return Misspelt(USAGES[kind])
    return AskAgent(name, more) if kind == "@agent" else CallTool(name, more)


def _discover(rest: str) -> Command:
    if not rest:
        return Discover(None)
    shelf = _SHELVES.get(rest.lower())
    return Misspelt(USAGES["@discover"]) if shelf is None else Discover(shelf)


def _queue(rest: str) -> Command:
    word, more = _first_word(rest)
    kind = word.lower().removeprefix("@")
    what = parse_command(f"@{kind} {more}") if kind in {"flow", "agent", "tool"} else None
    if what is None and rest:
        what = RunFlow(rest)
    return Queue(what) if isinstance(what, RunFlow | AskAgent | CallTool) else Misspelt(USAGES["@queue"])


def _first_word(text: str) -> tuple[str, str]:
    word, *rest = text.strip().split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""
