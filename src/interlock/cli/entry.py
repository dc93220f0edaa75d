"""Where the program begins: to load the commands takes a moment, in which it can be interrupted as at any other."""

from __future__ import annotations

import sys


def main() -> int:
    """Load the commands, and run the one that was typed."""
    try:
        from interlock.cli.app import main as run
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        return 130
    return run()
