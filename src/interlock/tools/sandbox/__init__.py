"""Programs that nobody has to trust, run apart from everything else, in the best way this machine offers.

`find_sandbox` tries the tiers and gives the best one that holds, or says why none does; there is no way to run a
program without one. What a job is and what becomes of it is told in `job`.
"""

from interlock.tools.sandbox.describing import SandboxDescription, describe
from interlock.tools.sandbox.job import WORKSPACE, NoSandbox, Sandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.probing import find_sandbox
from interlock.tools.sandbox.running import EnclosedSandbox

__all__ = [
    "WORKSPACE",
    "EnclosedSandbox",
    "NoSandbox",
    "Sandbox",
    "SandboxDescription",
    "SandboxJob",
    "SandboxLimits",
    "SandboxResult",
    "describe",
    "find_sandbox",
]
