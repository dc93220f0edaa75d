"""Cassettes: what the world has answered, call by call, and the playing of it.

A call is found by its request: the tool and its whole input, in which secrets are handles. What models were asked is
in `askings`; how a cassette stands in a file is told in `cassette_files`.
"""

from __future__ import annotations

import difflib
import json
from itertools import islice
from typing import Any, Final

from msgspec import Struct

from interlock.core.errors import InterlockError
from interlock.core.events import Error
from interlock.core.values import Secret, Value, ValueProblem, digest_of, is_list, is_map
from interlock.engine.courses.differing import value_differences
from interlock.engine.worlds.askings import Askings
from interlock.tools.conclusion import broken_contract
from interlock.tools.outcome import Done, Failed, ToolOutcome
from interlock.tools.tool import Tool

SECRET_KEY: Final = "$secret"  # noqa: S105 - it marks a handle, and is none itself
_SHOWN_MAX: Final = 200
_PLACES_TOLD_MAX: Final = 3
_COMPARED_MAX: Final = 200
"""Among how many recorded requests the nearest is looked for: comparing texts takes its time."""


class CassetteError(InterlockError):
    """A file that is no cassette, or cannot be read or written."""


class CallOnTape(Struct, frozen=True):
    """One call and what came of it. `path` says where it was made, for people and for the order.

    `place` says where it stands, if it was read from a file.
    """

    path: str
    attempt: int
    tool: str
    input: Value
    outcome: ToolOutcome
    place: str = ""

    @property
    def request(self) -> str:
        """What it is found by."""
        return digest_of([self.tool, self.input])


class Cassette:
    """Recorded calls, each to be played once: a request that is made twice gets one answer, and then the other."""

    def __init__(self, calls: list[CallOnTape], askings: Askings | None = None) -> None:
        self.calls = calls
        self.askings = askings or Askings([])
        """What models were asked."""
        self._left: dict[str, list[CallOnTape]] = {}
        for call in calls:
            self._left.setdefault(call.request, []).append(call)

    def keep(self, call: CallOnTape) -> None:
        """One more call that was made."""
        self.calls.append(call)

    def play(
        self, tool: str, input: Value, *, path: str, attempt: int = 1, contract: Tool | None = None
    ) -> ToolOutcome:
        """What was recorded for a request, there or else elsewhere; one that is not on it is refused.

        Where the tool itself is at hand as `contract`, a result has to be one that it could give.

        The same attempt comes first: a run may be played by one process up to a question, and by another from there on.
        """
        left = self._left.get(digest_of([tool, input]))
        if left is None:
            return _refused(f"no call of {tool} with {_shown(input)} is on the cassette{self._nearest(tool, input)}")
        if not left:
            return _refused(f"{tool} with {_shown(input)} is on the cassette, but not so often")
        found = min(left, key=lambda call: (call.path != path, call.attempt != attempt))
        left.remove(found)
        return found.outcome if contract is None else _checked(found, contract)

    def _nearest(self, tool: str, input: Value) -> str:
        others = {_shown(call.input): call.input for call in self.calls if call.tool == tool}
        if not others:
            tools = sorted({call.tool for call in self.calls})
            return f": it has calls of {', '.join(tools)}" if tools else ": it is empty"
        compared = list(islice(others, _COMPARED_MAX))
        (nearest,) = difflib.get_close_matches(_shown(input), compared, n=1, cutoff=0)
        places = [found.what for found in islice(value_differences("input", others[nearest], input), _PLACES_TOLD_MAX)]
        return f": the nearest is {nearest}, which differs in {', '.join(places)}"


def _checked(call: CallOnTape, contract: Tool) -> ToolOutcome:
    """The outcome, unless it is a result that its tool could not give: the cassette was edited, or is out of date."""
    if not isinstance(call.outcome, Done):
        return call.outcome
    problem = broken_contract(contract, call.outcome.out, call.outcome.labels)
    if problem is None:
        return call.outcome
    told = f"{problem}; so it stands in {call.place or 'the cassette'}: record it anew"
    return Failed(Error("invalid", told), retryable=False, calls=call.outcome.calls, simulated=True)


def _refused(message: str) -> Failed:
    return Failed(Error("refused", message), retryable=False, calls=0, simulated=True)


def _shown(input: Value) -> str:
    text = json.dumps(as_json(input), ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else f"{text[:_SHOWN_MAX]}…"


def as_json(value: Value) -> Any:  # noqa: ANN401 - JSON data
    """A whole value as JSON: a handle to a secret stands in it by its name, under a key that no data can have."""
    if isinstance(value, Secret):
        return {SECRET_KEY: value.name}
    if is_map(value):
        return {_moved(key): as_json(item) for key, item in value.items()}
    if is_list(value):
        return [as_json(item) for item in value]
    return value


def from_json(value: Value) -> Value:
    """The value that `as_json` has written, or a `ValueProblem`."""
    if is_map(value):
        if SECRET_KEY in value:
            return _handle(value)
        return {_moved_back(key): from_json(item) for key, item in value.items()}
    if is_list(value):
        return [from_json(item) for item in value]
    return value


def _handle(value: dict[str, Value]) -> Secret:
    name = value[SECRET_KEY]
    if not isinstance(name, str) or len(value) != 1:
        raise ValueProblem(f"`{SECRET_KEY}` names a secret: it wants text, and nothing beside it")
    return Secret(name)


def _moved(key: str) -> str:
    return f"${key}" if _is_marker(key) else key


def _moved_back(key: str) -> str:
    return key[1:] if _is_marker(key) and key != SECRET_KEY else key


def _is_marker(key: str) -> bool:
    """Whether a key is `$secret`, or was moved away from it: `$$secret`."""
    return key.startswith("$") and f"${key.lstrip('$')}" == SECRET_KEY
