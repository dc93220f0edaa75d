"""What the nodes of one graph are compiled with, and where their problems go."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from interlock.core import plan as p
from interlock.core.agent_contract import AgentContract
from interlock.core.catalogue import WhyNot
from interlock.core.compiling.contracts import InputContracts
from interlock.core.compiling.scoping import GraphDraft
from interlock.core.compiling.templates import TemplateCompiler
from interlock.core.problems import Place, Problem


class Parts(Struct, frozen=True):
    """What the nodes of one graph are compiled with."""

    draft: GraphDraft
    compiler: TemplateCompiler
    tools: Mapping[str, p.ToolContract]
    agents: Mapping[str, AgentContract]
    graphs: Mapping[str, GraphDraft]
    """The named graphs that could be read."""
    inputs: Mapping[str, p.JsonSchema | None]
    """What each of them takes."""
    contracts: InputContracts
    pools: Mapping[str, str]
    """The pools of the tools, where they are known."""
    kept_away: WhyNot
    """Why a tool that is not among them cannot be called."""

    def problem(self, place: Place, message: str, advice: str = "", *, at_key: bool = False) -> None:
        """Notes an error."""
        self.draft.errors.append(Problem(place=place, message=message, advice=advice, at_key=at_key))

    def warn(self, place: Place, message: str, advice: str = "") -> None:
        """Notes what will surprise."""
        self.draft.warnings.append(Problem(place=place, message=message, advice=advice, severity="warning"))
