"""A copy of the example from a failing build to a release, and runs of it: started, answered and read back."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from interlock import Interlock, RunResult
from interlock.core.events import Event
from interlock.engine.live_words import Words
from interlock.settings import read_settings
from interlock.tools.sandbox import NoSandbox
from tests.tools.standard.sandboxes import sandbox_here

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "git-to-prod"
RUN = "demo"
_LEFT_OUT = ("demo", ".interlock", "__pycache__")


@dataclass(frozen=True)
class Played:
    """A run as it went: in the end, as it waited for a person, with every event, and the files of its workspace."""

    ended: RunResult
    waiting: RunResult | None
    events: Sequence[Event]
    files: Mapping[str, str]
    words: str
    """What models were heard to say while it ran."""


@dataclass(frozen=True)
class ExampleProject:
    """The copy, and the environment in which it is used."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    is_kept: bool = True
    """Whether its runs are kept in a file; else in memory, where no disk has a hand in the order of things."""

    def interlock(self, **world: Any) -> Interlock:  # noqa: ANN401 - of `Interlock`
        """The project as the command line opens it, but that its run is called `demo`."""
        settings = read_settings(environment=self.environment, folder=self.folder).settings
        return Interlock(
            settings.store if self.is_kept else None,
            tools=settings.tools,
            agents=settings.agents,
            graphs=settings.graphs,
            models=settings.models,
            model_server=settings.model,
            sandbox=settings.sandbox.tiers,
            packaged=settings.packaged,
            folder=self.folder,
            new_id=lambda: RUN,
            **world,
        )

    @property
    def sample(self) -> dict[str, str]:
        """The files that a workspace begins with."""
        return texts_in(self.folder / "sample_repo")

    async def played(self, *, inputs: Mapping[str, object] | None = None, **world: Any) -> Played:  # noqa: ANN401 - as above
        """A run to its end; where a person is asked, the release is approved."""
        async with self.interlock(**world) as interlock:
            given = {"pr_number": 41, **(inputs or {})}
            handle = await interlock.start("git-to-prod", given, workspace=self.folder / "sample_repo")
            waiting, events, words = None, list[Event](), list[str]()
            async for live in handle.stream():
                match live:
                    case Event():
                        events.append(live)
                        if live.type == "node.waiting":
                            waiting = await handle.result()
                            await handle.answer("approve", choice="release", by="ada")
                    case Words(text=text):
                        words.append(text)
                    case _:
                        pass
            ended = await handle.wait()
        files = texts_in(self.folder / ".interlock" / "workspaces" / RUN / "files")
        return Played(ended, waiting, events, files, "".join(words))


def example_copy(folder: Path, environment: Mapping[str, str] | None = None, *, settings: str = "") -> ExampleProject:
    """A copy of the example, with more settings."""
    copy = Path(shutil.copytree(EXAMPLE, folder / EXAMPLE.name, ignore=shutil.ignore_patterns(*_LEFT_OUT)))
    file = copy / "interlock.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n{settings}", encoding="utf-8")
    return ExampleProject(copy, environment or {})


def texts_in(folder: Path) -> dict[str, str]:
    """Every file of a folder."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def need_a_sandbox() -> None:
    """Skip what executes code on a machine where none may run, and say why."""
    found = sandbox_here()
    if isinstance(found, NoSandbox):
        pytest.skip(str(found))
