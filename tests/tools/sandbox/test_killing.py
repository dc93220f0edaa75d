"""What a job started is dead when it is over, also where nothing but its descent tells whose it is."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Final
from uuid import uuid4

from interlock.core.plan import Micros
from interlock.tools.sandbox import EnclosedSandbox, SandboxJob, SandboxLimits
from interlock.tools.sandbox.enclosure import INSIDE
from interlock.tools.sandbox.leftovers import processes_that_say
from tests.tools.sandbox.places import SECOND, Leaky

_STOPS_ITS_SUPERVISOR: Final = """
import os, signal
held = os.open(f"/proc/{os.getppid()}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
os.fork()
os.kill(os.getppid(), signal.SIGSTOP)
while True:
    signal.pause()
"""

_FLEES_WHILE_IT_IS_KILLED: Final = """
import ctypes, os, signal, sys
sys.path.insert(0, sys.argv[1])
from inside import killing
PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
for _ in range(60):
    if os.fork() == 0:
        for _ in range(40):
            if os.fork():
                os._exit(0)
        while True:
            signal.pause()
    killing.kill_descendants()
print("nothing is left")
"""


def test_nothing_is_left_of_a_job_that_stops_its_supervisor() -> None:
    """Where no wall keeps it from that, and somebody holds the supervisor's own output open."""
    word = uuid4().hex
    job = SandboxJob(
        argv=(sys.executable, "-I", "-S", "-c", _STOPS_ITS_SUPERVISOR, word),
        limits=SandboxLimits(wall=Micros(SECOND // 2)),
    )

    result = asyncio.run(EnclosedSandbox(Leaky()).run(job))

    assert (result.ended, result.note) == ("timed_out", "")
    assert processes_that_say(word) == set()


def test_who_flees_from_parent_to_child_while_it_is_killed_is_found() -> None:
    """A parent that ends between two looks leaves its child to us, and the next look finds it."""
    words = (sys.executable, "-I", "-S", "-c", _FLEES_WHILE_IT_IS_KILLED, str(INSIDE.parent))

    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)

    assert told.stdout == "nothing is left\n", told.stderr
