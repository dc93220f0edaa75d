"""The stage: a fresh copy of the project, commands typed into it, and processes that are killed on it.

Every command is the real `interlock`, in a process of its own. Nothing here knows what the acts are about.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

EXAMPLE = Path(__file__).resolve().parents[1]
CHECKOUT = EXAMPLE.parents[1]
INTERLOCK = Path(sys.executable).with_name("interlock")

NOT_OF_THE_PROJECT = ("demo", "README.md", ".interlock", "__pycache__")
OF_SOMEBODYS_OWN = "INTERLOCK_"
ALL_THE_SAME = ("INTERLOCK_MODEL_", "INTERLOCK_SANDBOX_")
WIDTH = 110
LOOK_EVERY_SECONDS = 0.02
KILL_WITHIN_SECONDS = 60
SEEN_AFTER_SECONDS = 0.1


class NotAsClaimed(Exception):
    """Something did not happen as the demo says it does."""


class Stage:
    """One project folder, and the screen."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.store = str(project / ".interlock" / "interlock.db")
        """Where the runs are kept."""
        self.screen = Console(highlight=False)
        self.screen.width = min(self.screen.width, WIDTH) if self.screen.is_terminal else WIDTH

    def build(self) -> None:
        """Copy the example; what an earlier demo left is cleared away."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(EXAMPLE, self.project, ignore=shutil.ignore_patterns(*NOT_OF_THE_PROJECT))

    def files_of(self, run: str) -> Path:
        """The files of a run's workspace."""
        return self.project / ".interlock" / "workspaces" / run / "files"

    # --- commands ---

    def shown(self, *words: str) -> int:
        """Type a command and let it show itself; its exit code."""
        self.show_typed(*words)
        return subprocess.run([INTERLOCK, *words], cwd=self.project, env=environment(), check=False).returncode

    def shown_until(self, moment: Callable[[], bool], *words: str) -> None:
        """Type a command, let it show itself, and kill it when something has come to be so."""
        self.show_typed(*words)
        # In a session of its own, so that what it has started dies with it, as when the power fails.
        with _started([INTERLOCK, *words], cwd=self.project) as process:
            _wait_for(moment, process)
            time.sleep(SEEN_AFTER_SECONDS)  # what it is in the middle of shall be seen on the screen
            os.killpg(process.pid, signal.SIGKILL)
            if process.wait() != -signal.SIGKILL:
                raise NotAsClaimed(f"interlock {words[0]} ended by itself before it could be killed")
        # A killed process leaves the cursor as it was while it drew.
        self.screen.show_cursor()
        self.screen.print(f"\n  killed with SIGKILL (process {process.pid})\n", style="bold red")

    def show_typed(self, *words: str, in_background: bool = False) -> None:
        """Show a command as it is typed."""
        typed = f"$ interlock {shlex.join(words)}{' &' if in_background else ''}"
        self.screen.print(typed, style="bold", markup=False, soft_wrap=True)

    # --- words ---

    def heading(self, title: str) -> None:
        """The title of an act."""
        self.screen.print()
        self.screen.rule(f"[bold]{title}[/]", align="left", style="cyan")
        self.screen.print()

    def say(self, text: str) -> None:
        """A paragraph."""
        self.screen.print(text)
        self.screen.print()

    def claim(self, text: str, *, holds: bool) -> None:
        """Something the demo stands for: it is true, or the demo ends here."""
        if not holds:
            raise NotAsClaimed(text)
        self.screen.print(f"[green]✓[/] {text}")


def environment() -> dict[str, str]:
    """Everything but settings of somebody's own: the demo shows the defaults, with their model and their sandboxes."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(OF_SOMEBODYS_OWN) or name.startswith(ALL_THE_SAME)
    }


@contextmanager
def _started(words: list[str | Path], *, cwd: Path) -> Generator[subprocess.Popen[bytes], None, None]:
    with subprocess.Popen(words, cwd=cwd, env=environment(), start_new_session=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(moment: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + KILL_WITHIN_SECONDS
    while not moment():
        if process.poll() is not None or time.monotonic() > give_up:
            raise NotAsClaimed("the moment to kill the process did not come")
        time.sleep(LOOK_EVERY_SECONDS)
