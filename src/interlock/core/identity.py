"""Names that are computed, never drawn: the same attempt gets the same effect id on every machine and in every replay.

Gives out no run ids: those are drawn by the shell, since two runs of one graph must differ.
"""

from __future__ import annotations

import hashlib
from typing import Final

EFFECT_ID_LENGTH: Final = 32
"""128 bits in hexadecimal: no two effects ever meet, and the id fits into the idempotency key of any service."""


def effect_id(run: str, path: str, attempt: int, ordinal: int) -> str:
    """The id of a contact with the world (rule 33). Ordinal 0 is the node's own effect, its steps count from 1."""
    named = f"{run}\n{path}\n{attempt}\n{ordinal}".encode()
    return hashlib.sha256(named).hexdigest()[:EFFECT_ID_LENGTH]
