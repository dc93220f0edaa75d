"""Pins: what a person has approved of tools that somebody else defines, and whether they are still that.

A pin is a digest over everything that a tool says of itself. One that nobody approved, or that says something else now,
is in quarantine. Who approves, and what is shown to them, is the command line's.
"""

from interlock.tools.pinning.definition import Definition, definition_of
from interlock.tools.pinning.differences import differences
from interlock.tools.pinning.lock_file import LOCK_FILE, Approval, Pins, lock_file_of, read_pins, write_pins
from interlock.tools.pinning.quarantine import NOT_APPROVED, Quarantine, change_told

__all__ = [
    "LOCK_FILE",
    "NOT_APPROVED",
    "Approval",
    "Definition",
    "Pins",
    "Quarantine",
    "change_told",
    "definition_of",
    "differences",
    "lock_file_of",
    "read_pins",
    "write_pins",
]
