"""The TypeScript client keeps the scenarios that every client does: its own suite runs them, and is run here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.sdk.node import SDK, make, skip_without_node


def test_the_typescript_client_does_what_the_scenarios_say() -> None:
    """One description of what clients promise, run by each on a real server."""
    skip_without_node()
    make("sdk/typescript/node_modules/ready")
    known = {"INTERLOCK": str(Path(sys.executable).parent / "interlock")}

    ran = subprocess.run(
        ["npm", "run", "--silent", "test"], cwd=SDK, env=os.environ | known, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
