"""Keys of providers: a type that prints as `***`, and what strikes a key out of every text that leaves the gateway.

Where keys are kept is not known here: whoever puts the gateway together passes what finds one by its name.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

FindKey: TypeAlias = Callable[[str], str | None]
"""The text of a secret by its name, or None if nobody has given it."""

STRUCK_OUT: Final = "***"


class ModelKey:
    """The key of a provider. It prints as `***`; only the adapter that sends it reveals it."""

    __slots__ = ("_text", "name")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text

    def reveal(self) -> str:
        """The key itself."""
        return self._text

    def strike(self, text: str) -> str:
        """The text without the key, however it is quoted there."""
        for spelling in (self._text, repr(self._text)[1:-1], json.dumps(self._text)[1:-1]):
            text = text.replace(spelling, STRUCK_OUT)
        return text

    def __repr__(self) -> str:
        return STRUCK_OUT

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a key is not pickled: pass its name")


def read_key(name: str, text: str | None) -> ModelKey | str:
    """The key, or what is wrong with it. The end of a line, which files leave behind a key, is none of it."""
    key = (text or "").strip()
    if key and not (key.isascii() and key.isprintable()):
        return f"its key cannot be sent: the secret `{name}` has letters that no key has"
    if key:
        return ModelKey(name, key)
    return f"its key is missing: give the secret `{name}` as INTERLOCK_SECRET_{name.upper()} or in the secrets file"
