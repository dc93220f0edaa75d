"""Running a trusted program of the machine to its end: no input, no environment but what is given, and an end in time.

Not for programs that come out of a workspace: those run in a sandbox or not at all.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from msgspec import Struct

OUTPUT_BYTES_MAX: Final = 256 * 1024
SECONDS_MAX: Final = 60.0
_PART_BYTES: Final = 64 * 1024


class Said(Struct, frozen=True):
    """What a program answered. `is_cut`: there was more, and the program was ended for it."""

    exit_code: int
    text: str
    errors: str
    is_cut: bool = False


def run_program(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], output_bytes_max: int = OUTPUT_BYTES_MAX
) -> Said:
    """What the program said, whatever it exited with; `TimeoutError` if it had to be ended. Nothing outlives it."""
    with subprocess.Popen(  # noqa: S603 - a list of words, none of which a shell reads
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout, "it was started with pipes"
        assert process.stderr, "it was started with pipes"
        try:
            heard = _heard(process.stdout, process.stderr, output_bytes_max)
        finally:
            process.stdout.close()
            process.stderr.close()
            _end(process)
    text, errors = (bytes(each[:output_bytes_max]).decode(errors="replace") for each in heard)
    is_cut = any(len(each) > output_bytes_max for each in heard)
    return Said(process.returncode, text, errors, is_cut)


def _heard(stdout: IO[bytes], stderr: IO[bytes], bytes_max: int) -> tuple[bytearray, bytearray]:
    """All that is said, or a little more than the most that is listened to."""
    give_up = time.monotonic() + SECONDS_MAX
    heard = {stdout.fileno(): bytearray(), stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in heard:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map() and all(len(each) <= bytes_max for each in heard.values()):
            left = give_up - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"it was not done after {SECONDS_MAX:.0f} s")
            for key, _ in selector.select(left):
                part = os.read(key.fd, _PART_BYTES)
                heard[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
    return heard[stdout.fileno()], heard[stderr.fileno()]


def _end(process: subprocess.Popen[bytes]) -> None:
    """It and all that it started. Where nobody listens any more, a sound program exits by itself."""
    try:
        process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
