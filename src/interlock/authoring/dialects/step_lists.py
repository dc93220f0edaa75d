"""Step lists: agents one after another, in a sequence or again and again until a check says that it is good enough.

    name: content_review
    coordination_type: iterative_refinement      # or sequential
    max_iterations: 3
    convergence_check: assessment_approved       # or quality_threshold
    steps: [{agent_type: research, name: create_draft}, {agent_type: assessment, name: review_quality}]

In a sequence each step is given what the one before it gave. In rounds the first step is given the run's input with the
feedback of the round before. Which names of fields stand for what is told in `_words`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from pydantic import Field

from interlock.authoring.dialects.callees import Callee, callee_named
from interlock.authoring.dialects.convergence import DEFAULT_CHECK, converged
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import INPUTS, Giver, Optional, fitted, is_closed
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.shapes import read_shape
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.spellings import Written
from interlock.core.problems import Place

NAME: Final = "step list"
KEYS: Final = frozenset({"steps", "coordination_type", "max_iterations", "convergence_check"})
"""Keys that no other dialect has."""

ROUNDS_MAX: Final = 1_000
_ROUNDS: Final = "rounds"

_TASK_WORDS: Final = ("task", "question", "goal", "topic", "query", "request", "text")
"""Words for what a run is about: a step that asks for it by one of them is given what there is under another."""
_DRAFT_WORDS: Final = ("draft", "previous_output", "text")
"""Words for all that the step before gave."""
_FEEDBACK_WORDS: Final = ("feedback", "previous_feedback", "previous")
"""Words for what was said of the round before."""


class WrittenStep(Written):
    """One step, as it is written."""

    agent_type: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)


class WrittenStepList(Written):
    """A step list, as it is written."""

    name: str = Field(min_length=1)
    description: str = ""
    coordination_type: Literal["sequential", "iterative_refinement"] = "sequential"
    max_iterations: int = Field(default=3, ge=1, le=ROUNDS_MAX)
    convergence_check: Any = DEFAULT_CHECK
    quality_threshold: float | None = Field(default=None, ge=0)
    steps: list[WrittenStep] = Field(min_length=1)


class _Step(Struct, frozen=True):
    """A step with the name of its node."""

    node: str
    callee: Callee
    at: Place

    @property
    def output(self) -> Giver:
        return Giver(self.node, self.callee.output)

    def parts(self) -> dict[Place, Place]:
        return {(self.callee.kind,): (*self.at, "agent_type"), ("input",): (*self.at, "agent_type")}


def read_step_list(document: Mapping[str, Any], around: Catalogue) -> Reading:
    """The graph that a step list means."""
    draft = Drafting(NAME)
    written = read_shape(WrittenStepList, document, what="a step list")
    if not isinstance(written, WrittenStepList):
        draft.problems += written
        return draft.reading()
    draft.head(written.name, at=("name",), description=written.description)
    is_iterative = written.coordination_type == "iterative_refinement"
    names = NodeNames("round", *([_ROUNDS] if is_iterative else []))
    steps = _steps(written, names, around, draft)
    if not steps:
        return draft.reading()
    if is_iterative:
        _write_rounds(written, steps, names, draft)
    else:
        _write_sequence(written, steps, draft)
    return draft.reading()


def _steps(written: WrittenStepList, names: NodeNames, around: Catalogue, draft: Drafting) -> list[_Step]:
    """The steps in their order; of two that would be called the same only the first."""
    steps: list[_Step] = []
    for index, step in enumerate(written.steps):
        wanted = step.name or step.agent_type
        node = names.give(wanted)
        place: Place = ("steps", index)
        if node is None and step.name is None:
            node = names.beside(names.name_of(wanted), str(index + 1))
        if node is None:
            draft.problem((*place, "name"), names.clash(wanted, "step"), "give each step a name of its own")
            continue
        steps.append(_Step(node, callee_named(step.agent_type, around), place))
    return steps


# --- in a sequence ---------------------------------------------------------------------------------------------------


def _write_sequence(written: WrittenStepList, steps: Sequence[_Step], draft: Drafting) -> None:
    for key in sorted(written.model_fields_set & {"max_iterations", "convergence_check", "quality_threshold"}):
        advice = "write `coordination_type: iterative_refinement`, or leave it out"
        draft.warning((key,), f"`{key}` is without effect: a sequence has no rounds", advice, at_key=True)
    for index, step in enumerate(steps):
        given = _given_after(step, steps[index - 1]) if index else _given_first(step)
        draft.node(step.node, _behind(steps, index, given), at=step.at, parts=step.parts())
    outputs = {
        "output": f"${{{steps[-1].node}}}",
        "steps": {step.node: f"${{{step.node}}}" for step in steps},
        "completion_reason": "all_steps_completed",
    }
    draft.key("outputs", outputs, at=("steps",))


def _behind(steps: Sequence[_Step], index: int, given: Any) -> dict[str, Any]:  # noqa: ANN401 - a template: JSON data
    """The node of a step. It waits for the step before, whether it is given anything of that or not."""
    node = steps[index].callee.node(given)
    return node | {"after": [steps[index - 1].node]} if index else node


def _given_first(step: _Step) -> Any:  # noqa: ANN401 - a template: JSON data
    """The run's input."""
    if step.callee.input is None or not is_closed(step.callee.input):
        return "${inputs}"
    return fitted(step.callee.input, [INPUTS], else_from=_words())


def _given_after(step: _Step, before: _Step, feedback: Optional | None = None) -> Any:  # noqa: ANN401 - a template
    """What the step before gave; what gave text is handed on as the field `text`."""
    if step.callee.input is not None and is_closed(step.callee.input):
        words = _words(before=before.output, feedback=feedback)
        return fitted(step.callee.input, [before.output, INPUTS], else_from=words)
    if before.output.is_map:
        return f"${{{before.node}}}"
    if not before.output.may_be_map:
        return {"text": f"${{{before.node}}}"}
    whole = f"dyn({before.node})"
    return f"${{type({whole}) == map ? {whole} : {{'text': {whole}}}}}"


def _words(*, before: Giver | None = None, feedback: Optional | None = None) -> dict[str, list[Optional]]:
    """For fields that a step may declare: what stands for them where nothing has that very name."""
    words: dict[str, list[Optional]] = {}
    if before is not None:
        whole = f"optional.of({before.expression})"
        for word in _DRAFT_WORDS if not before.is_map else _DRAFT_WORDS[:-1]:
            words[word] = [whole]
    if feedback is not None:
        words |= {word: [feedback] for word in _FEEDBACK_WORDS}
    for word in _TASK_WORDS:
        words[word] = [*words.get(word, []), *(f"inputs.?{other}" for other in _TASK_WORDS if other != word)]
    return words


# --- in rounds -------------------------------------------------------------------------------------------------------


def _write_rounds(written: WrittenStepList, steps: Sequence[_Step], names: NodeNames, draft: Drafting) -> None:
    at: Place = ("convergence_check" if "convergence_check" in written.model_fields_set else "coordination_type",)
    until = converged(written.convergence_check, written.quality_threshold, steps[-1].output, at=at, draft=draft)
    feedback = _feedback_of(steps[-1])
    nodes: dict[str, Any] = {}
    parts: dict[Place, Place] = {("until",): at, ("max",): ("max_iterations",)}
    for index, step in enumerate(steps):
        if index:
            given = _given_after(step, steps[index - 1], feedback)
        elif step.callee.input is not None and is_closed(step.callee.input):
            given = fitted(step.callee.input, [INPUTS], else_from=_words(feedback=feedback))
        else:
            given = _merged_with_feedback(feedback, names, nodes)
        nodes[step.node] = _behind(steps, index, given)
        parts[("loop", step.node)] = step.at
        parts |= {("loop", step.node, *part): origin for part, origin in step.parts().items()}
    loop = {
        "loop": nodes,
        "until": until,
        "max": written.max_iterations,
        "at_max": "accept",
        "outputs": {
            "steps": {step.node: f"${{{step.node}}}" for step in steps},
            "iterations": "${round.index + 1}",
        },
    }
    draft.node(_ROUNDS, loop, at=("steps",), parts=parts)
    outputs = {
        "output": f"${{{_ROUNDS}.steps.{steps[-1].node}}}",
        "steps": f"${{{_ROUNDS}.steps}}",
        "iterations": f"${{{_ROUNDS}.iterations}}",
        "completion_reason": f"${{'capped' in nodes.{_ROUNDS}.labels ? 'max_iterations' : 'converged'}}",
    }
    draft.key("outputs", outputs, at=("steps",))


def _merged_with_feedback(feedback: Optional, names: NodeNames, nodes: dict[str, Any]) -> str:
    """The run's input and the feedback as one map, made by nodes of their own: expressions join no maps."""
    given, said, task = names.beside("", "given"), names.beside("", "last_feedback"), names.beside("", "task")
    nodes[given] = {"value": "${inputs}"}
    nodes[said] = {"value": f"${{{{?'feedback': {feedback}}}}}"}
    nodes[task] = {"fuse": "merge", "from": [said, given], "conflict": "first"}
    return f"${{{task}}}"


def _feedback_of(last: _Step) -> Optional:
    """What the last step said in the round before: its `feedback`, or all of it; nothing in the first round."""
    value = Giver(f"round.last.{last.node}", last.callee.output)
    whole = f"optional.of({value.expression})"
    field = f"dyn({value.expression}).?feedback"
    if not value.may_have("feedback"):
        said = whole
    elif value.surely_has("feedback"):
        said = field
    elif value.is_map:
        said = f"{field}.or({whole})"
    else:
        said = f"(type({value.expression}) == map ? {field}.or({whole}) : {whole})"
    return f"(round.index == 0 ? optional.none() : {said})"
