"""A job that is started at a terminal cannot type there: the shell behind it would run what was typed."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.tools.sandbox.places import PLACES, place_named
from tests.tools.sandbox.test_containing import DENIED

PROJECT: Final = Path(__file__).parents[3]
_ENGINE: Final = """
import array, fcntl, json, os, sys, termios, tty
from tests.tools.sandbox.places import attacked, place_named, said

terminal = os.ttyname(0)
os.close(os.open(terminal, os.O_RDWR))  # a session without a terminal takes the first that it opens
assert os.tcgetpgrp(0) == os.getpid()
tty.setraw(0)
with place_named(sys.argv[1]) as place:
    tried = said(attacked(place, "take_terminal", terminal))
typed = array.array("i", [0])
fcntl.ioctl(0, termios.FIONREAD, typed)
print(json.dumps([tried, typed[0]]))
"""


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_typed_on_the_terminal_of_whoever_started_it(name: str) -> None:
    """Neither by its name, nor through a process in between, nor by a number that the kernel takes for the same."""
    with place_named(name):
        tried, typed = tried_at_a_terminal(name)

    assert typed == 0
    assert {way: how for way, how in tried.items() if how not in DENIED} == {}


def tried_at_a_terminal(name: str) -> tuple[dict[str, str], int]:
    """What became of each attempt in a sandbox, and how many characters waited to be read in the end."""
    terminal, own_end = pty.openpty()
    try:
        engine = subprocess.run(
            [sys.executable, "-c", _ENGINE, name],
            cwd=PROJECT,
            stdin=own_end,
            capture_output=True,
            text=True,
            start_new_session=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(own_end)
        os.close(terminal)
    assert engine.returncode == 0, engine.stderr
    tried, typed = json.loads(engine.stdout)
    return tried, typed
