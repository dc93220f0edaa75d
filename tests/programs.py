"""Programs of the checkout, as tests start them: there whether or not its environment was activated."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_PROGRAMS: Final = Path(sys.executable).parent
INTERLOCK: Final = str(_PROGRAMS / "interlock")
PATH: Final = f"{_PROGRAMS}:{os.environ['PATH']}"
"""Where a shell finds them."""
