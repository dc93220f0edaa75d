"""A story as it is being recorded."""

from __future__ import annotations

from typing import Final

from interlock.core.agent_contract import AgentContract
from interlock.core.values import Packer
from interlock.core.verdicts import Judge
from tests.stories.graphs import Graphs, bundled, compiled
from tests.stories.story import Story

KEY: Final = b"the key of the blobs of histories"
INLINE_BYTES_MAX: Final = 400
"""Values longer than this are kept outside their events: small, so that histories are."""


class Recording:
    """A story with the bundle on which it is in the end, which is what a history is made of."""

    def __init__(
        self,
        text: str,
        *,
        graphs: Graphs | None = None,
        agents: tuple[AgentContract, ...] = (),
        judge: Judge | None = None,
    ) -> None:
        self.bundle = bundled(text, graphs=graphs, agents=agents)
        plan = compiled(text, graphs=graphs, agents=agents)
        self.story = Story(text, plan=plan, packer=Packer(KEY, inline_bytes_max=INLINE_BYTES_MAX), judge=judge)

    def goes_on_on(self, text: str) -> None:
        """The run is moved to another version of its graph."""
        self.bundle = bundled(text)
        self.story.migrates_to(compiled(text))
