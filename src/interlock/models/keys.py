"""Keys of providers: a type that prints as `***`, with what strikes the key out of everything that leaves the gateway.

Where keys are kept is not known here: whoever puts the gateway together passes what finds one by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from interlock.core.redaction import STRUCK_OUT, TOLD_FROM_TEXT_MIN, Redaction

FindKey: TypeAlias = Callable[[str], str | None]
"""The text of a secret by its name, or None if nobody has given it."""


class ModelKey:
    """The key of a provider. It prints as `***`; only the adapter that sends it reveals it."""

    __slots__ = ("_text", "redaction")

    def __init__(self, text: str) -> None:
        self.redaction = Redaction([text] if len(text) >= TOLD_FROM_TEXT_MIN else [])
        """What strikes it out."""
        self._text = text

    def reveal(self) -> str:
        """The key itself."""
        return self._text

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
        return ModelKey(key)
    return (
        f"its key is missing: give the secret `{name}` as INTERLOCK_SECRET_{name.upper()} or in .interlock/secrets.toml"
    )
