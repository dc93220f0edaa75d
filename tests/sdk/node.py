"""Node, and what is made with it of the TypeScript client: once, however many tests want it at the same time."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SDK = ROOT / "sdk" / "typescript"
NODE_AT_LEAST = 20


def skip_without_node() -> None:
    """Skip a test where there is nothing to run it with."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        pytest.skip(f"there is no node and npm on PATH: install Node {NODE_AT_LEAST} or newer")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    if int(told.removeprefix("v").partition(".")[0]) < NODE_AT_LEAST:
        pytest.skip(f"node is {told.strip()}: Node {NODE_AT_LEAST} or newer is needed")


def make(target: str) -> None:
    """Make a target of the Makefile; whoever wants it at the same time waits."""
    (ROOT / "build").mkdir(exist_ok=True)
    with (ROOT / "build" / "typescript.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(["make", "--silent", target], cwd=ROOT, check=True)
