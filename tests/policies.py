"""The policy that tests run under where they speak of something else: the default set, as any new project has it."""

from __future__ import annotations

from typing import Final

from interlock.core.verdicts import Judge
from interlock.governance import default_policy

JUDGE: Final[Judge] = default_policy().judge
