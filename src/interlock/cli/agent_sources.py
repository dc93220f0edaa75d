"""Where the agents of a project come from: what its settings name, and the installed packages that it enables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlock.cli.opening import configured
from interlock.tools.plugins import enabled_plugins, installed_plugins

if TYPE_CHECKING:
    from interlock.agents.collecting import AgentSource


def agent_sources() -> list[AgentSource]:
    """The sources in the order in which they are collected."""
    settings = configured().settings
    plugins = enabled_plugins(settings.plugins, installed_plugins()) if settings.plugins else []
    return [*settings.agents, *(point for plugin in plugins for point in plugin.agents)]
