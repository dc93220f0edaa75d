"""The worker processes of a fleet: started, killed, stopped for a while and woken again, and at last asked to leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
PROGRAM: Final = (sys.executable, "-c", "import sys; from interlock.cli.app import main; sys.exit(main())")
LEAVES_WITHIN_SECONDS: Final = 60


@dataclass
class WorkerProcess:
    """One `interlock worker`, and what it has said."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    pools: Sequence[str]
    is_stopped: bool = False
    was_stopped: bool = False
    has_left: bool = False
    killed_at: float | None = field(default=None)

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    @property
    def is_working(self) -> bool:
        """Whether it has begun to work and nothing has been done to it since."""
        return not self.is_stopped and not self.is_gone and "works on" in self.log.read_text()

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, by whatever."""
        return self.process.poll() is not None

    def kill(self) -> float:
        """End it without a warning; when that was."""
        self.killed_at = time.time()
        self.process.kill()
        self.process.wait()
        return self.killed_at

    def stop(self) -> float:
        """Let it stand still in the middle of whatever it does; since when."""
        self.is_stopped = self.was_stopped = True
        at = time.time()
        self.process.send_signal(signal.SIGSTOP)
        return at

    def wake(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)
        self.is_stopped = False

    def leave(self) -> int:
        """Ask it to end in good order; its exit code."""
        self.process.terminate()
        self.has_left = True
        return self.process.wait(LEAVES_WITHIN_SECONDS)

    def said(self, word: str) -> int:
        """How many lines of what it said begin with a word."""
        return sum(line.startswith(word) for line in self.log.read_text().splitlines())


def start_worker(
    folder: Path,
    name: str,
    *,
    store: str,
    pools: Sequence[str] = ("default",),
    tools: str = "tests.chaos.fleet.tools",
    concurrency: int = 16,
    lease_seconds: int = 30,
) -> WorkerProcess:
    """A new worker on a store, which works in a folder. `tools` is the module in which they are."""
    log = folder / f"{name}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INTERLOCK_")} | {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}",
        "INTERLOCK_STORE": store,
        "INTERLOCK_TOOLS": tools,
        "INTERLOCK_LEASE_SECONDS": str(lease_seconds),
    }
    chosen = [word for pool in pools for word in ("--pool", pool)]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*PROGRAM, "worker", *chosen, "--concurrency", str(concurrency)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    return WorkerProcess(name, process, log, pools)
