"""Whether the process that holds a lease still lives."""

from __future__ import annotations

import os
import subprocess
import sys

from msgspec.structs import replace

from interlock.store.processes import is_running, this_process


def test_this_process_lives() -> None:
    """Who asks is there to ask."""
    me = this_process("worker")

    assert me.pid == os.getpid()
    assert is_running(me)


def test_a_process_that_has_ended_does_not_live() -> None:
    """Its leases can be taken over at once."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert not is_running(replace(this_process("worker"), pid=ended.pid))


def test_a_process_that_has_ended_and_whose_parent_has_not_looked_does_not_live() -> None:
    """Killed in a container, a process may stay on the system's list for ever: its run must not."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)

    lives = is_running(replace(this_process("worker"), pid=ended.pid, pid_started=0))

    ended.wait()
    assert not lives


def test_another_process_under_the_same_number_is_another_process() -> None:
    """Numbers are given out again: the start time tells them apart."""
    me = this_process("worker")

    assert not is_running(replace(me, pid_started=me.pid_started + 1))


def test_where_start_times_are_unknown_the_number_has_to_do() -> None:
    """Better to wait for a lease to run out than to drive a run twice."""
    assert is_running(replace(this_process("worker"), pid_started=0))
