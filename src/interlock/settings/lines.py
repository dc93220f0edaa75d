"""Where in the text of a TOML file a setting stands."""

from __future__ import annotations

import re
from typing import Final

_TABLE_LINE: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")


def line_of(text: str, name: str) -> int:
    """The line on which a setting stands in the text of a TOML file; 1 if it is written in a way not looked for."""
    section = ""
    for number, line in enumerate(text.splitlines(), start=1):
        header = _TABLE_LINE.match(line)
        if header and header[1] == name:
            return number
        if header:
            section = f"{header[1]}."
        elif name.startswith(section) and _is_key(line, name.removeprefix(section)):
            return number
    return 1


def _is_key(line: str, name: str) -> bool:
    written = line.partition("=")[0].strip().replace('"', "").replace("'", "").replace(" ", "")
    # An inline table stands under its first key: `limits = {nodes_max = 5}`.
    return bool(written) and (name == written or name.startswith(f"{written}."))
