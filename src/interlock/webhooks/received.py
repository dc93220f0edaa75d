"""A request as it came, and what expressions see of it. Pure.

Headers are told apart by small letters; one that came twice is both, with a comma between them. What would open other
doors (keys, cookies) is not shown to expressions, so that it cannot get into a run's record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

FORM: Final = "application/x-www-form-urlencoded"
FIELDS_MAX: Final = 1_000
_HIDDEN: Final = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})


class Received(Struct, frozen=True):
    """A request."""

    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, raw_headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Self:
        """A request as a server hands it on."""
        headers: dict[str, str] = {}
        for name, value in raw_headers:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return cls(headers, body)

    def header(self, name: str) -> str:
        """A header's text; nothing where it did not come."""
        return self.headers.get(name.lower(), "")

    def seen(self) -> dict[str, Any]:
        """What expressions see: `headers`, and `body`, which is JSON, a form's fields, or text."""
        shown = {name: text for name, text in self.headers.items() if name not in _HIDDEN}
        return {"headers": shown, "body": self._read_body()}

    def _read_body(self) -> Any:  # noqa: ANN401 - JSON data
        """What begins as a JSON map or list is no form: programs call it one that do not say what they send."""
        is_form = self.header("content-type").partition(";")[0].strip().lower() == FORM
        if is_form and self.body[:1] not in {b"{", b"["}:
            return _fields(self.body)
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return self.body.decode("utf-8", "replace")


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form; nothing of one that has too many."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return {}
