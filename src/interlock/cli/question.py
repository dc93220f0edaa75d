"""A question on the terminal that is waited for in the event loop, where Ctrl-C is heard at any instant.

What reads a line by itself hears of it only if it comes while the line is waited for, and not right before.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

_YES: Final = {"y", "yes"}
_NO: Final = {"", "n", "no"}


async def is_agreed(question: str) -> bool:
    """Whether a person says yes. The end of the input is no."""
    while True:
        _say(f"{question} [y/N]: ")
        line = await _line()
        if not line:
            _say("\n")
        answer = line.strip().lower()
        if answer in _YES | _NO:
            return answer in _YES
        _say("write y or n\n")


async def _line() -> str:
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_reader(sys.stdin.fileno(), typed.set)
    except PermissionError:
        return sys.stdin.readline()  # a file, or /dev/null: it cannot be waited for, and keeps nobody waiting
    try:
        await typed.wait()
    except asyncio.CancelledError:
        _say("\n")  # what comes next does not stand beside the question
        raise
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
