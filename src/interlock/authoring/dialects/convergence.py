"""When a step list that goes in rounds is good enough: the checks that there are, as conditions on the last step."""

from __future__ import annotations

from typing import Final

from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import Giver
from interlock.core.problems import Place, nearest
from interlock.core.shape_wording import said
from interlock.core.values import is_map

APPROVED: Final = "assessment_approved"
THRESHOLD: Final = "quality_threshold"
CHECKS: Final = (APPROVED, THRESHOLD)
DEFAULT_CHECK: Final = APPROVED
SCORE_MIN: Final = 0.8
"""The threshold where none is stated."""

_NEVER: Final = "${false}"
_FIELD_OF_CHECK: Final = {APPROVED: "approved", THRESHOLD: "score"}


def converged(check: object, stated: float | None, last: Giver, *, at: Place, draft: Drafting) -> str:
    """The condition that ends the rounds. `stated` is the threshold beside the check, `at` where that was asked for."""
    name, threshold = _named(check, at, draft)
    if name is None:
        return _NEVER
    if stated is not None and name != THRESHOLD:
        message = f"`{THRESHOLD}` is without effect beside `{name}`"
        draft.problem((THRESHOLD,), message, f"write `convergence_check: {THRESHOLD}`, or leave it out", at_key=True)
    field = _FIELD_OF_CHECK[name]
    if not last.may_have(field):
        message = f"`{name}` looks at `{field}`, and the last step never gives one"
        draft.problem(at, message, "let the last step be an agent whose output has it")
        return _NEVER
    if name == APPROVED:
        return f"${{{last.field(field)}.orValue(false) == true}}"
    wanted = threshold if threshold is not None else SCORE_MIN if stated is None else stated
    return f"${{{last.field(field)}.orValue(0.0) >= {float(wanted)}}}"


def _named(check: object, at: Place, draft: Drafting) -> tuple[str | None, float | None]:
    """The name of a check, and a threshold that is written with it: `{quality_threshold: 0.9}`."""
    match check:
        case str() if check in CHECKS:
            return check, None
        case str():
            meant = nearest(check, CHECKS)
            known = f"the checks are {' and '.join(f'`{each}`' for each in CHECKS)}"
            advice = f"did you mean `{meant}`? {known}" if meant else known
            draft.problem(at, f"there is no convergence check `{check}`", advice)
        case dict() if is_map(check) and list(check) == [THRESHOLD]:
            threshold = check[THRESHOLD]
            if isinstance(threshold, int | float) and not isinstance(threshold, bool) and threshold >= 0:
                return THRESHOLD, float(threshold)
            message = f"`{THRESHOLD}` is a number that is not negative, not {said(threshold)}"
            draft.problem((*at, THRESHOLD), message, f"write `{THRESHOLD}: {SCORE_MIN}`")
        case _:
            message = f"`convergence_check` is the name of a check, not {said(check)}"
            advice = f"write `{APPROVED}`, `{THRESHOLD}`, or `{{{THRESHOLD}: 0.9}}`"
            draft.problem(at, message, advice)
    return None, None
