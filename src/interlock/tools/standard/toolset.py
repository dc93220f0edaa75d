"""All default tools, made for one environment."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.tools.standard.apart import apart_tools
from interlock.tools.standard.artifacts import artifact_tools
from interlock.tools.standard.asking import asking_tools
from interlock.tools.standard.calling_out import calling_tools
from interlock.tools.standard.environment import ToolEnvironment
from interlock.tools.standard.executing import executing_tools
from interlock.tools.standard.files import file_tools
from interlock.tools.standard.git import git_tools
from interlock.tools.standard.patching import patch_tools
from interlock.tools.standard.scanning import scanning_tools
from interlock.tools.standard.searching import search_tools
from interlock.tools.standard.searching_the_web import web_tools
from interlock.tools.standard.testing import testing_tools
from interlock.tools.tool import Tool


def standard_tools(environment: ToolEnvironment) -> Sequence[Tool]:
    """The default tools. Making them touches nothing: folders and sandboxes are looked for when one is called."""
    workspaces = environment.workspaces
    return (
        *file_tools(workspaces),
        *artifact_tools(workspaces, environment.artifacts),
        *search_tools(workspaces),
        *patch_tools(workspaces),
        *git_tools(workspaces),
        *apart_tools(workspaces),
        *executing_tools(environment),
        *testing_tools(environment),
        *scanning_tools(environment),
        *calling_tools(environment.fetch),
        *web_tools(environment.web),
        *asking_tools(),
    )
