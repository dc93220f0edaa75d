"""The default tool by which an agent goes on in a copy of the workspace, beside others who do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.tools.context import ToolContext
from interlock.tools.errors import ToolFailed
from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.reach import EVERYTHING
from interlock.tools.tool import Tool, tool
from interlock.tools.workspace.apart import callers_of
from interlock.tools.workspace.workspaces import Workspaces


@dataclass(frozen=True)
class WorkingApart:
    """The copy that is worked in from now on."""

    files: int


def apart_tools(workspaces: Workspaces) -> Sequence[Tool]:
    """`work_apart`."""

    # Nobody but the caller ever sees the copy, so there is nothing that would have to be taken back.
    @tool(effect="read", reads=(EVERYTHING,))
    def work_apart(ctx: ToolContext) -> WorkingApart:
        """Take a copy of the workspace for yourself: from now on all your tools work in it, and nobody else sees it.

        Others may work beside you, each in their own. What you change stays in the copy: hand in what git_diff shows
        at the end. Called again it begins anew.
        """
        caller = next(callers_of(ctx.path), None)
        if caller is None:
            why = "only an agent works apart: a node of a graph has one call, and nothing would come after it"
            raise ToolFailed(why, kind="refused", retryable=False)
        workspace = workspaces.apart(ctx.run, caller, effect=ctx.effect_id)
        return WorkingApart(sum(entry.size is not None for entry in workspace.entries()))

    return tools_in(work_apart)
