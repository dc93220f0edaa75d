"""The TypeScript client keeps the scenarios that every client does. Its own suite runs them: here is where it is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NODE_AT_LEAST = 20


def node_is_missing() -> str:
    """Why there is nothing to run it with; nothing if there is."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return "there is no node and npm on PATH: install Node 20 or newer"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    major = int(told.removeprefix("v").partition(".")[0])
    return "" if major >= NODE_AT_LEAST else f"node is {told.strip()}: Node {NODE_AT_LEAST} or newer is needed"


@pytest.mark.skipif(bool(node_is_missing()), reason=node_is_missing())
def test_the_typescript_client_does_what_the_scenarios_say() -> None:
    """One description of what clients promise, run by each on a real server."""
    commands = "make --silent sdk/typescript/node_modules/ready && cd sdk/typescript && npm run --silent test"
    known = {"INTERLOCK": str(Path(sys.executable).parent / "interlock")}

    ran = subprocess.run(
        ["bash", "-c", commands], cwd=ROOT, env=os.environ | known, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
