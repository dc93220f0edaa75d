"""A project's folder of declared tools, as tests of them write it, approve it and call it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interlock.core.values import Value
from interlock.tools import Tool, Toolbox, collect_tools
from interlock.tools.declared.reading import read_source
from interlock.tools.mcp.clients import McpClients
from interlock.tools.outcome import ToolOutcome
from interlock.tools.pinning import Approval, Definition, lock_file_of, read_pins, write_pins
from interlock.tools.secrets import NO_SECRETS, SecretSource
from interlock.tools.sources import Listed, list_source, source_files
from tests.tools.doorstep import MemoryJournal, a_call, a_door, performed


@dataclass
class ToolFolder:
    """The `tools` folder of a project."""

    path: Path

    def write(self, name: str, text: str) -> Path:
        """A file in it."""
        self.path.mkdir(exist_ok=True)
        file = self.path / name
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def toolbox(self) -> Toolbox:
        """What graphs and agents find in it."""
        return collect_tools([self.path])

    async def listed(self, secrets: SecretSource = NO_SECRETS) -> list[Listed]:
        """What its sources say of their tools now."""
        clients = McpClients()
        try:
            return [await list_source(read_source(file), clients, secrets) for file in source_files(self.path)]
        finally:
            await clients.close()

    async def approve(self, secrets: SecretSource = NO_SECRETS) -> list[Definition]:
        """Approve everything as it is now."""
        found = await self.listed(secrets)
        approvals = [
            Approval(
                source=each.declared.title, pin=definition.pin, approved_by="ada", approved_at="", definition=definition
            )
            for each in found
            for definition in each.definitions
        ]
        lock = lock_file_of(self.path)
        write_pins(lock, read_pins(lock).approved(approvals))
        return [each.definition for each in approvals]


async def called(tool: Tool, input: Value, *, tenant: str = "local", **door: Any) -> ToolOutcome:  # noqa: ANN401 - of a door
    """What becomes of a call."""
    call = a_call(input)
    named = type(call)(run=call.run, path=call.path, attempt=1, effect_id=call.effect_id, input=input, tenant=tenant)
    return await performed(tool, named, MemoryJournal(), a_door(**door))
