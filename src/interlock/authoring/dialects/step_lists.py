"""Step lists: agents one after another, in a sequence or again and again until a check says that it is good enough.

    name: content_review
    coordination_type: iterative_refinement      # or sequential
    max_iterations: 3
    convergence_check: assessment_approved       # or quality_threshold
    steps: [{agent_type: research, name: create_draft}, {agent_type: assessment, name: review_quality}]

In a sequence each step is given what the one before it gave. In rounds the first step is given the run's input with the
feedback of the round before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct
from pydantic import Field

from interlock.authoring.dialects.callees import Callee, callee_named
from interlock.authoring.dialects.convergence import DEFAULT_CHECK, converged
from interlock.authoring.dialects.drafting import Drafting
from interlock.authoring.dialects.handing import Giver, Maybe
from interlock.authoring.dialects.naming import NodeNames
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.shapes import WrittenElsewhere, read_shape
from interlock.authoring.dialects.step_inputs import FEEDBACK, given_after, given_first, takes_anything
from interlock.core.catalogue import Catalogue
from interlock.core.problems import Place

NAME: Final = "step list"
KEYS: Final = frozenset({"steps", "coordination_type", "max_iterations", "convergence_check"})
"""Keys that no other dialect has."""

ROUNDS_MAX: Final = 1_000
_ROUNDS: Final = "rounds"


class WrittenStep(WrittenElsewhere):
    """One step, as it is written."""

    agent_type: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)


class WrittenStepList(WrittenElsewhere):
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
        given = given_after(step.callee, steps[index - 1].output) if index else given_first(step.callee)
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


# --- in rounds -------------------------------------------------------------------------------------------------------


def _write_rounds(written: WrittenStepList, steps: Sequence[_Step], names: NodeNames, draft: Drafting) -> None:
    at: Place = ("convergence_check" if "convergence_check" in written.model_fields_set else "coordination_type",)
    until = converged(written.convergence_check, written.quality_threshold, steps[-1].output, at=at, draft=draft)
    feedback = _feedback_of(steps[-1], or_all=False)
    nodes: dict[str, Any] = {}
    parts: dict[Place, Place] = {("until",): at, ("max",): ("max_iterations",)}
    for index, step in enumerate(steps):
        if index:
            given = given_after(step.callee, steps[index - 1].output, feedback)
        elif takes_anything(step.callee):
            given = _merged_with_feedback(_feedback_of(steps[-1], or_all=True), names, nodes)
        else:
            given = given_first(step.callee, feedback)
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


def _merged_with_feedback(feedback: Maybe, names: NodeNames, nodes: dict[str, Any]) -> str:
    """The run's input and the feedback as one map, made by nodes of their own: expressions join no maps."""
    given, said, task = names.beside("", "given"), names.beside("", "last_feedback"), names.beside("", "task")
    nodes[given] = {"value": "${inputs}"}
    nodes[said] = {"value": f"${{{{?'{FEEDBACK}': {feedback}}}}}"}
    nodes[task] = {"fuse": "merge", "from": [said, given], "conflict": "first"}
    return f"${{{task}}}"


def _feedback_of(last: _Step, *, or_all: bool) -> Maybe:
    """What the last step said in the round before: its `feedback`, or its text; nothing in the first round.

    `or_all`: whether all of its output stands for feedback that it does not give.
    """
    value = Giver(f"round.last.{last.node}", last.callee.output)
    whole = f"optional.of({value.expression})"
    field = f"dyn({value.expression}).?{FEEDBACK}"
    else_all = f"{field}.or({whole})" if or_all and not value.surely_has(FEEDBACK) else field
    if not value.may_be_map:
        said = whole
    elif value.is_map:
        said = else_all if value.may_have(FEEDBACK) else whole if or_all else "optional.none()"
    else:
        said = f"(type({value.expression}) == map ? {else_all} : {whole})"
    return f"(round.index == 0 ? optional.none() : {said})"
