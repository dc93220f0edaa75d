"""Records the run file of today, for the releases to come: `python -m tests.audit.recorded.record`.

To be done once for each version of the format, before the next one is written: what was recorded is never written over.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from interlock import Interlock
from interlock.audit.manifest import FORMAT
from tests.audit.run_files import exported, sent_order, write

FOLDER: Final = Path(__file__).parent


async def order() -> bytes:
    """The file of an order that has ended."""
    async with Interlock(tools=[write]) as interlock:
        return await exported(await sent_order(interlock, letters=20_000))


if __name__ == "__main__":
    file = FOLDER / f"format-{FORMAT}.run.tar"
    if file.exists():
        raise SystemExit(f"{file.name} was recorded already, and stays as it is")
    file.write_bytes(asyncio.run(order()))
