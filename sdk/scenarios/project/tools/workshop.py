"""A workshop: it makes things, takes them back, and breaks one of them."""

from interlock import tool
from interlock.tools import ToolFailed


@tool
def make(thing: str) -> str:
    """Make a thing."""
    if thing == "broken":
        raise ToolFailed("it broke")
    return thing


@tool(effect="idempotent")
def unmake(thing: str) -> None:
    """Take it back."""
