"""A schema that is put inside another: what it refers to stays what it was.

References are read from the top of the whole schema, so those of a part that had been a whole would lead elsewhere.
"""

from __future__ import annotations

import copy
import string
from typing import Final

from interlock.core.json_schema.checks import ANCHORS, Rules, every_schema, references_in
from interlock.core.problems import Place


def placed_at(place: Place, schema: Rules) -> Rules:
    """The checked schema as it has to be written at a place of another."""
    anchors = {f"#{rules[word]}": inside for inside, rules in every_schema(schema) for word in ANCHORS if word in rules}
    if not any(references_in(rules) for _, rules in every_schema(schema)):
        return schema
    moved = copy.deepcopy(schema)
    for _, rules in every_schema(moved):
        for word, reference in references_in(rules):
            rest = _pointer(anchors[reference]) if reference in anchors else reference.removeprefix("#")
            rules[word] = f"#{_pointer(place)}{rest}"
    return moved


def _pointer(place: Place) -> str:
    return "".join(f"/{_escaped(str(step))}" for step in place)


def _escaped(step: str) -> str:
    """A step of a JSON pointer, as it is written within a URI."""
    written = step.replace("~", "~0").replace("/", "~1")
    return "".join(chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in written.encode())


_PLAIN: Final = frozenset(f"{string.ascii_letters}{string.digits}-._~")
