"""The default tools: what agents and graphs find in every project without writing a tool of their own.

They are made for an environment (`standard_tools`), with `@tool` like any others, and hold nothing between calls. They
work in the workspace of the run that calls, and run programs in a sandbox or not at all.
"""

from interlock.tools.standard.asking import question_of
from interlock.tools.standard.environment import Fetch, SandboxFoundOnce, SandboxSource, ToolEnvironment
from interlock.tools.standard.toolset import standard_tools
from interlock.tools.standard.web import FoundPage, FoundPages, Search, WebSearch

__all__ = [
    "Fetch",
    "FoundPage",
    "FoundPages",
    "SandboxFoundOnce",
    "SandboxSource",
    "Search",
    "ToolEnvironment",
    "WebSearch",
    "question_of",
    "standard_tools",
]
