"""Which entries of a memory answer a query: by the words they share with it, the newest first. Pure, and no model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from interlock.core.values import encode
from interlock.engine.agents.memory.entries import Kept

BYTES_RECALLED_MAX: Final = 32_000
"""How much is recalled at once at most: it all goes into a model's context."""
_WORD: Final = re.compile(r"\w+")


def ranked(found: Iterable[Kept], query: str, *, tags: Sequence[str] = (), limit: int) -> list[Kept]:
    """The entries that share a word with the query and have all the tags, the best first. Without words, all do."""
    wanted = _words(query)
    scored = [(_score(each, wanted) if wanted else 0, each) for each in found if set(tags) <= set(each.entry.tags)]
    meant = [(score, each) for score, each in scored if score or not wanted]
    meant.sort(key=lambda pair: (-pair[0], -pair[1].at, pair[1].entry.key))
    return _fitting([each for _, each in meant[:limit]])


def _score(kept: Kept, wanted: set[str]) -> int:
    """How many of the words an entry has, in what is kept, its name or its tags."""
    entry = kept.entry
    text = entry.value if isinstance(entry.value, str) else json.dumps(entry.value, ensure_ascii=False)
    return len(wanted & _words(" ".join([entry.key, text, *entry.tags])))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _fitting(ranked: Sequence[Kept]) -> list[Kept]:
    fitting, room = list[Kept](), BYTES_RECALLED_MAX
    for each in ranked:
        room -= len(encode(each.entry.value))
        if room < 0:
            break
        fitting.append(each)
    return fitting
