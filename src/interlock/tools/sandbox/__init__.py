"""Programs that nobody has to trust, run apart from everything else, in the best way this machine offers."""

from interlock.tools.sandbox.job import NoSandbox, Sandbox, SandboxJob, SandboxLimits, SandboxResult

__all__ = [
    "NoSandbox",
    "Sandbox",
    "SandboxJob",
    "SandboxLimits",
    "SandboxResult",
]
