"""What is left when a call has ended: effects of which nobody knows whether they happened, and questions.

A step that happens at most once and is under way when its call ends is put on record as unknown with it. Nothing else
would tell of it: no other call is made of a node that was cancelled, or that has failed for good. Where the whole call
has to be known anyway, that is asked first, and of its steps only if it was not done. A question inside a step that has
settled is withdrawn. Decides nothing: who is asked, and what follows, is for `decide`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from interlock.core import events as e
from interlock.core.paths import split_step, step_path
from interlock.core.plan import EffectClass, Undo
from interlock.core.state import Attempt, Step, all_steps


def must_be_known(effect: EffectClass, undo: Undo | None, *, is_cancelled: bool) -> bool:
    """Whether it must be found out what became of a whole call before its node is tried again or ends (rule 35)."""
    return effect == "once" or (is_cancelled and effect == "idempotent" and undo is not None)


def left_in_doubt(path: str, attempt: Attempt, kind: e.ErrorClass) -> list[tuple[str, e.EffectUnknown]]:
    """What is to be recorded of the `once` steps that are still under way at the end of the call that made them."""
    return [*_doubts(path, attempt.steps, kind)]


def _doubts(path: str, steps: Mapping[int, Step], kind: e.ErrorClass) -> Iterator[tuple[str, e.EffectUnknown]]:
    for ordinal, step in steps.items():
        if step.status == "intended" and step.effect_class == "once" and step.question is None:
            why = doubt(kind, path, ordinal, step.name, step.key)
            yield path, e.EffectUnknown(ordinal, step.effect, why, holds=True, tries=step.tries)
        yield from _doubts(step_path(path, ordinal), step.steps, kind)


def withdrawn_questions(path: str, steps: Mapping[int, Step]) -> Iterator[tuple[str, e.EffectFailed]]:
    """What is to be recorded of the questions inside a step that has settled: nobody waits for an answer any more."""
    for ordinal, step in steps.items():
        if step.question is not None and step.status == "intended":
            why = e.Error("cancelled", "what asked it has ended: nobody waits for the answer", step_path(path, ordinal))
            yield path, e.EffectFailed(ordinal, step.effect, why, tries=step.tries)
        yield from withdrawn_questions(step_path(path, ordinal), step.steps)


def doubt(kind: e.ErrorClass, path: str, ordinal: int, name: str, key: str) -> e.Error:
    """Why nobody knows what became of a step."""
    step = f"`{name}` for `{key}`" if key else f"`{name}`"
    message = f"step {ordinal} {step} was begun and its result is not on record: whether it happened is unknown"
    return e.Error(kind, message, step_path(path, ordinal))


def is_death(path: str, attempt: Attempt, error: e.Error | None) -> bool:
    """Whether somebody has died in a call that ended so.

    Nobody has where it ended because it came to a step in doubt: a call that does nothing kills nobody. By logs that
    were written before doubts held their node, each of those counted as a death as well.
    """
    return error is not None and error.kind == "lost" and not _came_to_a_doubt(path, attempt, error)


def _came_to_a_doubt(path: str, attempt: Attempt, error: e.Error) -> bool:
    address = split_step(error.path)
    if address is None or not error.path.startswith(f"{path}."):
        return False
    step = dict(all_steps(attempt.steps)).get(error.path.removeprefix(f"{path}."))
    return step is not None and step.status == "unknown" and step.holds
