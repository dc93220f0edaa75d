"""What the end of a call means: the one place where an ending becomes an outcome. Pure.

Who was stopped, given up or lost may have taken effect, so the outcome is unknown unless the tool itself said that it
failed. Everything that leaves here has had its secrets struck out, and fits the tool's contract.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from interlock.core.events import Error, ErrorClass
from interlock.core.redaction import Redaction
from interlock.core.values import Value, encode
from interlock.tools.conversation import Ending, Raised, Returned, Stopped, Vanished
from interlock.tools.failure import shortened
from interlock.tools.outcome import Done, Failed, ToolOutcome, Unknown
from interlock.tools.tool import Tool
from interlock.tools.watch import Cause

_CLASS_OF: Final[dict[Cause, ErrorClass]] = {"timeout": "timeout", "silence": "timeout", "cancelled": "cancelled"}
OUTPUT_CHARACTERS_TOLD: Final = 1_000
"""How much of what a process printed last is told when it dies."""
_TOLD: Final[dict[Cause, str]] = {
    "timeout": "did not end before its deadline",
    "silence": "sent no heartbeat in time and was stopped",
    "cancelled": "was stopped by a cancel",
}


class Conclusion(Struct, frozen=True):
    """Concludes calls of one tool with one set of secrets."""

    tool: Tool
    redaction: Redaction

    def outcome(self, ending: Ending | None, cause: Cause | None, *, calls: int) -> ToolOutcome:
        """What became of the call. `ending` is None if it was given up; `cause` says why it was asked to stop."""
        match ending:
            case Returned():
                return self._returned(ending, calls)
            case Raised() if ending.in_doubt and self.tool.contract.effect != "read":
                return Unknown(self._error(ending.error.kind, ending.error.message), calls)
            case Raised() if cause is None or ending.said:
                return Failed(self._error(ending.error.kind, ending.error.message), ending.retryable, calls)
            case Raised():
                assert cause is not None
                return self._stopped(cause, f", then failed: {ending.error.message}", calls)
            case Vanished() if cause is None:
                return Unknown(self._lost(ending), calls)
            case Stopped() if cause is None:
                error = self._error("failed", f"`{self.tool.name}` stopped itself: nobody asked it to")
                return Failed(error, calls=calls)
            case _:
                assert cause is not None
                return self._stopped(cause, "", calls)

    def _returned(self, ending: Returned, calls: int) -> ToolOutcome:
        out = self.redaction.value(ending.out)
        problem = broken_contract(self.tool, out, ending.labels)
        if problem is not None:
            return Failed(self._error("invalid", problem), retryable=False, calls=calls)
        return Done(out, ending.labels, calls)

    def _stopped(self, cause: Cause, more: str, calls: int) -> Unknown:
        told = f"`{self.tool.name}` {_TOLD[cause]}{more}; whether it took effect is unknown"
        return Unknown(self._error(_CLASS_OF[cause], told), calls)

    def _lost(self, ending: Vanished) -> Error:
        # Secrets go before the text is cut: half of one would no longer be recognised.
        output = self.redaction.text(ending.output)[-OUTPUT_CHARACTERS_TOLD:]
        return self._error("lost", f"{ending.message}; it printed last: {output}" if output else ending.message)

    def _error(self, kind: ErrorClass, message: str) -> Error:
        return Error(kind, shortened(self.redaction.text(message)))


def broken_contract(tool: Tool, out: Value, labels: Sequence[str]) -> str | None:
    """In what a result is not what its tool has promised; None if it is."""
    if tool.result_bytes_max is not None and (size := len(encode(out))) > tool.result_bytes_max:
        return f"the result of `{tool.name}` has {size:,} bytes, more than the {tool.result_bytes_max:,} it may have"
    problems = [] if tool.output is None else tool.output.problems(out, "result")
    if problems:
        return f"the result of `{tool.name}` breaks its contract: {'; '.join(problems)}"
    unknown = [label for label in labels if label not in tool.contract.labels]
    if unknown:
        declared = ", ".join(tool.contract.labels) or "none"
        return (
            f"`{tool.name}` returned the label {', '.join(map(repr, unknown))}, which it does not declare "
            f"(declared: {declared}): add it to labels of @tool"
        )
    return None
