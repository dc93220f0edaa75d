"""The tools and agents of a project: those that its settings name, then those of the plugins that it takes."""

from __future__ import annotations

from collections.abc import Sequence

from interlock.agents.collecting import AgentSource
from interlock.settings import Settings
from interlock.tools.plugins import enabled_plugins, installed_plugins
from interlock.tools.toolbox import ToolSource


def tools_and_agents_of(settings: Settings) -> tuple[Sequence[ToolSource], Sequence[AgentSource]]:
    """Both. What is installed is looked at only where a plugin is taken."""
    plugins = enabled_plugins(settings.plugins, installed_plugins()) if settings.plugins else []
    tools = [*settings.tools, *(point for plugin in plugins for point in plugin.tools)]
    return tools, [*settings.agents, *(point for plugin in plugins for point in plugin.agents)]
