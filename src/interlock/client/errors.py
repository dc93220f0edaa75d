"""What a client raises: one tree, by what a server's problem means and by what keeps it from being asked.

ClientError(InterlockError)       anything: code, detail, field, advice and the request's id
├── Unreachable                   no answer, or a part of one: `in_doubt` says whether it may have been done
├── NotUnderstood                 what answered does not speak as this client does
├── StillGoing                    the run had not ended in the time that was given
└── ProblemTold                   the server told a problem
    ├── Invalid                   the request, the graph or a value cannot be as it is
    ├── KeyRefused                without a key, or with one that opens nothing
    ├── NotAllowed                the caller may not
    ├── NotFound                  there is no such thing
    │   ├── RunNotFound  ├── GraphNotFound  ├── QuestionNotFound  └── ValueNotFound
    ├── Gone                      it was there, and was given up or erased
    ├── Refused                   it cannot be done now
    │   ├── KeyTaken  ├── PlanOutdated  ├── PlanRequired  └── ChangedMeanwhile
    ├── TooMany                   too much at once: `retry_after_seconds` says when to come again
    └── ServerFailed              the server, or what it stands on
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import UNSET

from interlock.core.errors import InterlockError
from interlock.wire.problems import Place, Problem


class ClientError(InterlockError):
    """Something that a client could not do. `code` is for programs, `detail` for people."""

    def __init__(
        self,
        detail: str,
        *,
        code: str,
        status: int = 0,
        field: str = "",
        advice: str = "",
        request: str = "",
        run: str = "",
        problems: Sequence[Place] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{detail} ({code})" + (f": {advice}" if advice else ""))
        self.detail, self.code, self.status, self.field, self.advice = detail, code, status, field, advice
        self.request, self.run, self.problems = request, run, tuple(problems)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(ClientError):
    """Nobody answered, or the answer broke off."""

    def __init__(self, detail: str, *, in_doubt: bool) -> None:
        advice = "what was asked for may have been done: look before you ask again" if in_doubt else "nothing was sent"
        super().__init__(detail, code="unreachable", advice=advice)
        self.in_doubt = in_doubt


class NotUnderstood(ClientError):
    """What answered does not speak as this client does: it is no Interlock, or one of another version."""


class StillGoing(ClientError):
    """The run had not ended in the time that was given. It goes on all the same."""


class ProblemTold(ClientError):
    """The server told a problem (RFC 9457)."""


class Invalid(ProblemTold):
    """The request, the graph or a value cannot be as it is: `problems` says where, if it has places."""


class KeyRefused(ProblemTold):
    """Without a key, or with one that opens nothing."""


class NotAllowed(ProblemTold):
    """The caller may not do this."""


class NotFound(ProblemTold):
    """There is no such thing."""


class RunNotFound(NotFound):
    """There is no such run."""


class GraphNotFound(NotFound):
    """There is no such graph."""


class QuestionNotFound(NotFound):
    """Nobody is asked this any more."""


class ValueNotFound(NotFound):
    """No value is kept under this digest."""


class Gone(ProblemTold):
    """It was there, and was given up or erased."""


class Refused(ProblemTold):
    """It cannot be done now: `actions` of the object says what can."""


class KeyTaken(Refused):
    """The key names a run that was started otherwise: `run` says which."""


class PlanOutdated(Refused):
    """What was planned would not be what is done any more."""


class PlanRequired(Refused):
    """It has to be planned first."""


class ChangedMeanwhile(Refused):
    """Somebody else changed it first."""


class TooMany(ProblemTold):
    """Too much at once: `retry_after_seconds` says when to come again."""


class ServerFailed(ProblemTold):
    """The server failed, or what it stands on."""


_BY_CODE: Final[Mapping[str, type[ProblemTold]]] = {
    "run_not_found": RunNotFound,
    "graph_not_found": GraphNotFound,
    "question_not_found": QuestionNotFound,
    "value_not_found": ValueNotFound,
    "key_taken": KeyTaken,
    "plan_outdated": PlanOutdated,
    "plan_required": PlanRequired,
    "changed_meanwhile": ChangedMeanwhile,
}
_BY_STATUS: Final[Mapping[int, type[ProblemTold]]] = {
    401: KeyRefused,
    403: NotAllowed,
    404: NotFound,
    409: Refused,
    410: Gone,
    412: ChangedMeanwhile,
    428: Refused,
    429: TooMany,
}
"""A code that this client does not know is told by its status: servers learn new codes before clients do."""


def error_of(problem: Problem, *, retry_after_seconds: float | None = None) -> ProblemTold:
    """The error that tells a problem."""
    kind = kind_of(problem.code, problem.status)
    return kind(
        problem.detail,
        code=problem.code,
        status=problem.status,
        field="" if problem.field is UNSET else problem.field,
        advice="" if problem.advice is UNSET else problem.advice,
        request=problem.request,
        run="" if problem.run is UNSET else problem.run,
        problems=() if problem.problems is UNSET else problem.problems,
        retry_after_seconds=retry_after_seconds,
    )


def kind_of(code: str, status: int) -> type[ProblemTold]:
    """What is raised for a code."""
    found = _BY_CODE.get(code) or _BY_STATUS.get(status)
    return found or (Invalid if status < 500 else ServerFailed)
