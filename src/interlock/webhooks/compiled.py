"""Webhooks whose expressions were compiled before: that takes milliseconds, and each delivery asks for its webhook."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping as MappingOf
from typing import Any, Final

import msgspec

from interlock.webhooks.declaring import WebhookSettings
from interlock.webhooks.mapping import Mapping

KNOWN_MAX: Final = 500


class CompiledWebhooks:
    """The webhooks that were asked for last, as they were written."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[WebhookSettings, Mapping]] = OrderedDict()

    def of(self, name: str, written: MappingOf[str, Any]) -> tuple[WebhookSettings, Mapping]:
        """A webhook that is written so, and its expressions."""
        key = msgspec.json.encode([name, written], order="deterministic")
        found = self._known.get(key)
        if found is None:
            declared = WebhookSettings.model_validate(written)
            found = self._known[key] = declared, declared.mapping(name)
            if len(self._known) > KNOWN_MAX:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return found
