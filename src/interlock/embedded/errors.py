"""What using Interlock from Python can raise. Every one of these tells what to do next.

InterlockError
├── InvalidGraphError      a graph has problems: all of them, each with its line, are in the message
├── UnknownGraphError      a graph was named that nobody has
│   └── UnknownStepError   an agent or a tool was named, to be run by itself, that nobody has
├── UnreadableGraphError   a graph's file cannot be read
├── UnreadableFolderError  the folder of graphs cannot be read
├── TwoGraphsError         two files hold graphs of one name
├── UnknownModelError      a pool of models or a model was named that nobody declares
├── UnknownSinkError       a sink was named that is not declared
├── RunningLoopError       `run` was called where only `await run_async` can work
├── OtherLoopError         one `Interlock` was used in two event loops at once
└── NotOpenError           something that needs `async with` was used outside it

`EngineError` (there is no such run, a request was refused), `StoreError` and `ToolError` come through as they are;
they are `InterlockError`s as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from interlock.authoring.report import Subject
from interlock.core.errors import InterlockError
from interlock.core.problems import Problem, nearest


class InvalidGraphError(InterlockError):
    """A graph has problems and cannot be run. The message shows all of them as `interlock graph check` does."""

    def __init__(
        self, graph: str, problems: Sequence[Problem], *, rendered: str, subject: Subject | None = None
    ) -> None:
        super().__init__(f"graph {graph} cannot be run\n{rendered}".rstrip())
        self.graph = graph
        self.subject = graph if subject is None else subject
        self.problems = tuple(problems)
        self.rendered = rendered


class UnknownGraphError(InterlockError):
    """A graph was named that is not among the graphs known here."""

    def __init__(self, name: str, *, known: Iterable[str], what: str = "graph") -> None:
        names = sorted(known)
        meant = nearest(name, names)
        hint = f"did you mean {meant}?" if meant else f"there are: {', '.join(names)}" if names else "there are none"
        super().__init__(f"there is no {what} named {name or repr(name)}; {hint}")
        self.name = name


class UnknownStepError(UnknownGraphError):
    """An agent or a tool was named, to be run by itself, that is not among those known here."""

    def __init__(self, name: str, *, known: Iterable[str], what: Literal["agent", "tool"]) -> None:
        super().__init__(name, known=known, what=what)
        self.what = what


class UnknownModelError(InterlockError):
    """A pool of models, or a model by its own name, was named that the settings do not declare."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        names = sorted(known)
        meant = nearest(name, names)
        listed = f"there are: {', '.join(names)}" if names else "none is declared: see [models] in interlock.toml"
        super().__init__(f"there is no model named {name}; " + (f"did you mean {meant}?" if meant else listed))
        self.name = name


class UnknownSinkError(InterlockError):
    """A sink was named that the settings do not declare."""

    def __init__(self, name: str, *, known: Iterable[str]) -> None:
        names = sorted(known)
        meant = nearest(name, names)
        listed = f"there are: {', '.join(names)}" if names else "none is declared: see [sinks] in interlock.toml"
        super().__init__(f"there is no sink named {name}; " + (f"did you mean {meant}?" if meant else listed))
        self.name = name


class UnreadableGraphError(InterlockError):
    """A graph's file cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the graph {path} cannot be read: {why}")
        self.path = path


class UnreadableFolderError(InterlockError):
    """The folder in which graphs are looked for by name is there, and cannot be read."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"the folder of graphs {path} cannot be read: {why}")
        self.path = path


class TwoGraphsError(InterlockError):
    """Two files of one folder hold graphs of the same name."""

    def __init__(self, name: str, one: str, other: str) -> None:
        super().__init__(f"{one} and {other} both hold a graph named {name}: rename one of them")
        self.name = name


class RunningLoopError(InterlockError):
    """A call that waits was made inside a running event loop, which would then stand still."""

    def __init__(self) -> None:
        super().__init__("an event loop is running here already: write `await interlock.run_async(…)` instead of `run`")


class OtherLoopError(InterlockError):
    """What waits in one event loop cannot be woken from another: each needs an `Interlock` of its own."""

    def __init__(self) -> None:
        super().__init__(
            "this client is in use in another event loop: make another `Interlock(…)` on the same store for this one"
        )


class NotOpenError(InterlockError):
    """Runs are only started and followed while the `Interlock` is open."""

    def __init__(self, what: str) -> None:
        super().__init__(f"`{what}` needs an open client: write `async with Interlock(…) as interlock:` around it")
