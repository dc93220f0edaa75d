"""What runs in the process that imports a plugin: it writes the contracts of its tools, and calls none of them."""

from __future__ import annotations

import os
import sys

import msgspec

from interlock.tools.errors import ToolError
from interlock.tools.plugins.contracts import Offered
from interlock.tools.plugins.installed import enabled_plugins, installed_plugins
from interlock.tools.toolbox import collect_tools


def main(descriptor: int, name: str) -> int:
    """Write the contracts into the file, which the other side reads when this process has ended."""
    try:
        (plugin,) = enabled_plugins([name], installed_plugins())
        offered = [Offered(tool.contract, tool.pool) for tool in collect_tools(plugin.tools)]
    except ToolError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(offered))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2]))
