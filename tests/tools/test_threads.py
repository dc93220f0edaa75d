"""Blocking tools run in threads that never hold the process open."""

from __future__ import annotations

import subprocess
import sys
import threading

from interlock.tools.threads import DaemonThreads

HANGS = """
import asyncio, threading
from interlock.tools import InFlight, ToolCall, ToolDoor, perform, tool, tool_of

started = threading.Event()

@tool
def hang() -> None:
    started.set()
    threading.Event().wait()

class Journal:
    steps = ()
    last_heartbeat = None

async def main():
    door = ToolDoor()
    call = ToolCall(run="r", path="p", attempt=1, effect_id="e", input={}, deadline=door.clock.now() + 50_000)
    in_flight = InFlight(lambda outcome: over.set_result(type(outcome).__name__))
    over = asyncio.get_running_loop().create_future()
    in_flight.carry(perform(tool_of(hang), call, Journal(), door, in_flight))
    print(await over, started.is_set())

asyncio.run(main())
"""


def test_a_tool_that_never_ends_does_not_hold_the_process_open() -> None:
    """Ctrl-C that has no effect, and a deployment that hangs at its end, are what this prevents."""
    ended = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=20, check=False)

    assert (ended.returncode, ended.stdout.split()) == (0, ["Unknown", "True"]), ended.stderr


def test_an_idle_thread_leaves_and_the_next_work_gets_a_new_one() -> None:
    """A burst of a hundred calls must not leave a hundred threads for ever."""
    threads = DaemonThreads(idle_seconds=0.001)
    first, second = threading.Event(), threading.Event()
    served: list[threading.Thread] = []

    def work(done: threading.Event) -> None:
        served.append(threading.current_thread())
        done.set()

    threads.start(lambda: work(first))
    assert first.wait(10)
    served[0].join(10)
    assert not served[0].is_alive()
    threads.start(lambda: work(second))

    assert second.wait(10)
