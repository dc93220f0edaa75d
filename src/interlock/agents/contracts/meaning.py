"""From what was written to the contract: what looks at more than one field, and everything that is wrong with it.

What an agent names (tools, agents, graphs, pools) is not looked for here: it is known where a graph is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct, structs

from interlock.agents.context.sections import SOURCES
from interlock.agents.context.shaping import problem_of_selector, problem_of_transform
from interlock.agents.contracts.written import ContextSpec, LimitsSpec, ModelSpec, SectionSpec, WrittenAgent
from interlock.agents.prompts.variables import VARIABLES
from interlock.core.agent_contract import (
    AGENT_TOOL,
    CONTROL_TOOLS,
    GRAPH_TOOL,
    AgentContract,
    AgentLimits,
    ContextProfile,
    ContextSection,
    ModelNeed,
    Prefetch,
)
from interlock.core.plan import OUTCOMES, JsonSchema
from interlock.core.problems import Place, Problem, nearest
from interlock.core.schemas import check_fields, fields_schema, is_in_full, misspelt_in_fields
from interlock.core.values import Value, is_list, is_map

STEPS_ADVISED_MAX: Final = 20
_LABEL: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_TOOL_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
_HOLE: Final = re.compile(r"\$\{([^}]*)\}?")
_INPUT_PATH: Final = re.compile(r"input(\.[A-Za-z_][A-Za-z0-9_-]*)*")


class Meant(Struct, frozen=True):
    """The contract, if nothing is wrong with it beyond warnings; and what is wrong with what was written."""

    contract: AgentContract | None
    problems: tuple[Problem, ...]


class Template(Struct, frozen=True):
    """The text of a prompt and, if it stands in a file of its own, the name of that."""

    text: str
    file: str = ""


def meant_contract(written: WrittenAgent, prompt: Template, task: Template) -> Meant:
    """What was written, as a contract."""
    problems = [problem for check in _CHECKS for problem in check(written)]
    fields = None if problems else _names(written.input)
    problems += [*_of_template("prompt", prompt, fields), *_of_template("task", task, fields)]
    if any(problem.severity == "error" for problem in problems):
        return Meant(None, tuple(problems))
    return Meant(_contract(written, prompt.text, task.text), tuple(problems))


def _contract(written: WrittenAgent, prompt: str, task: str) -> AgentContract:
    return AgentContract(
        name=written.agent,
        role=written.role,
        description=written.description,
        capabilities=written.capabilities,
        version=written.version,
        input=_schema(written.input),
        output=_schema(written.output),
        labels=written.labels,
        prompt=prompt,
        task=task,
        tools=tuple(written.tools),
        limits=_limits(written.limits),
        model=_model(written.model),
        context=_context(written.context),
        memory=written.memory,
        on_limit=written.on_limit,
        repairs=written.repairs,
        policies=written.policies,
    )


def _schema(fields: dict[str, Value] | None) -> JsonSchema | None:
    return None if fields is None else fields_schema(fields)


def _names(fields: dict[str, Value] | None) -> list[str] | None:
    """The names of the fields; None where it may have any."""
    if fields is None:
        return None
    return list(fields["properties"]) if is_in_full(fields) else list(fields)


def _limits(spec: LimitsSpec) -> AgentLimits:
    return AgentLimits(
        steps=spec.steps,
        errors=spec.errors,
        usd=spec.usd,
        tokens=spec.tokens,
        calls=spec.calls,
        latency=spec.latency,
    )


def _model(spec: ModelSpec) -> ModelNeed:
    return ModelNeed(
        pool=spec.pool,
        quality=spec.quality,
        safety=spec.safety,
        usd_max=spec.usd_max,
        latency_max=spec.latency_max,
        prefer=spec.prefer,
        temperature=spec.temperature,
        tokens_max=spec.tokens_max,
    )


def _context(spec: ContextSpec) -> ContextProfile:
    return ContextProfile(
        tokens=spec.tokens,
        turns_whole=spec.turns_whole,
        sections=tuple(map(_section, spec.sections)),
        prefetch=tuple(Prefetch(name=name, tool=each.tool, input=each.input) for name, each in spec.prefetch.items()),
    )


def _section(spec: SectionSpec) -> ContextSection:
    return ContextSection(
        name=spec.name,
        source=spec.source or spec.name,
        priority=spec.priority,
        tokens=spec.tokens,
        select=tuple(spec.select),
        transform=tuple(spec.transform),
    )


# --- What is wrong ---------------------------------------------------------------------------------------------------


def _of_schemas(written: WrittenAgent) -> Iterator[Problem]:
    for key, fields in (("input", written.input), ("output", written.output)):
        if fields is not None:
            for problem in check_fields(fields) or misspelt_in_fields(fields):
                yield structs.replace(problem, place=(key, *problem.place))


def _of_labels(written: WrittenAgent) -> Iterator[Problem]:
    for label in written.labels:
        if label in OUTCOMES:
            yield Problem(
                place=("labels",), message=f"`{label}` is the name of an outcome", advice="choose another word"
            )
        elif not _LABEL.fullmatch(label):
            advice = "use letters, digits, `_` and `-`"
            yield Problem(place=("labels",), message=f"the label `{label}` is no word", advice=advice)


def _of_tools(written: WrittenAgent) -> Iterator[Problem]:
    for index, tool in enumerate(written.tools):
        place: Place = ("tools", index)
        kind, colon, name = tool.partition(":")
        if colon and f"{kind}:" not in (AGENT_TOOL, GRAPH_TOOL):
            meant = nearest(kind, ["agent", "graph"])
            advice = f"did you mean `{meant}:{name}`?" if meant else "write `agent:name` or `graph:name`"
            yield Problem(place=place, message=f"`{tool}` names no tool, agent or graph", advice=advice)
        elif not _TOOL_NAME.fullmatch(name if colon else tool):
            yield Problem(place=place, message=f"`{tool}` is no name of a tool", advice="begin with a letter")
        elif tool in written.tools[:index]:
            yield Problem(place=place, message=f"`{tool}` is named twice", advice="name it once")
        elif tool == f"{AGENT_TOOL}{written.agent}":
            yield Problem(place=place, message="an agent cannot call itself", advice="let it take more steps instead")


def _of_steps(written: WrittenAgent) -> Iterator[Problem]:
    if written.limits.steps > STEPS_ADVISED_MAX:
        yield Problem(
            place=("limits", "steps"),
            message=f"{written.limits.steps} steps are many: small agents are easier to trust",
            advice=f"at most {STEPS_ADVISED_MAX} are advised; split the work among several agents",
            severity="warning",
        )


def _of_sections(written: WrittenAgent) -> Iterator[Problem]:
    names: set[str] = set()
    sources: set[str] = set()
    for index, section in enumerate(written.context.sections):
        place: Place = ("context", "sections", index)
        source = section.source or section.name
        if section.name in names:
            yield Problem(place=(*place, "name"), message=f"two sections are called `{section.name}`")
        if source not in SOURCES:
            where = "source" if section.source else "name"
            meant = nearest(source, SOURCES)
            advice = f"did you mean `{meant}`?" if meant else f"sources are {', '.join(SOURCES)}"
            yield Problem(place=(*place, where), message=f"`{source}` is no source of a section", advice=advice)
        elif section.name in SOURCES and source != section.name:
            message = f"a section called `{section.name}` that holds `{source}` would mislead"
            yield Problem(place=(*place, "name"), message=message, advice="choose another name")
        elif source == "instructions" and (section.tokens or section.select or section.transform):
            message = "the instructions stay as they are: without a part of them it would be another agent"
            yield Problem(place=place, message=message, advice="leave out `tokens`, `select` and `transform`")
        elif source == "turns" and source in sources:
            yield Problem(place=place, message="only one section may hold the turns: no call may be shown twice")
        yield from _of_words((*place, "select"), section.select, problem_of_selector)
        yield from _of_words((*place, "transform"), section.transform, problem_of_transform)
        names.add(section.name)
        sources.add(source)
    if written.context.sections and not sources & {"task", "input"}:
        message = "no section tells the model its task"
        yield Problem(place=("context", "sections"), message=message, advice="add `{name: task, priority: 95}`")


def _of_words(place: Place, words: list[str], problem_of: Callable[[str], str | None]) -> Iterator[Problem]:
    for index, word in enumerate(words):
        if problem := problem_of(word):
            yield Problem(place=(*place, index), message=problem)


def _of_prefetches(written: WrittenAgent) -> Iterator[Problem]:
    fields = _names(written.input)
    for name, wanted in written.context.prefetch.items():
        place: Place = ("context", "prefetch", name)
        if wanted.tool in CONTROL_TOOLS:
            yield Problem(
                place=(*place, "tool"), message=f"`{wanted.tool}` fetches nothing", advice="name another tool"
            )
        if wanted.input is not None and not is_map(wanted.input):
            yield Problem(place=(*place, "input"), message="the arguments of a tool are a map")
        yield from _of_holes((*place, "input"), wanted.input, fields)


def _of_holes(place: Place, template: Value, fields: list[str] | None) -> Iterator[Problem]:
    """The places that are filled from the input: only paths, no expressions."""
    if is_map(template):
        for key, item in template.items():
            yield from _of_holes((*place, key), item, fields)
    elif is_list(template):
        for index, item in enumerate(template):
            yield from _of_holes((*place, index), item, fields)
    elif isinstance(template, str):
        for hole in _HOLE.finditer(template):
            if not hole[0].endswith("}") or not _INPUT_PATH.fullmatch(hole[1]):
                message, advice = f"`{hole[0][:60]}` cannot be filled", "write `${input.field}`"
                yield Problem(place=place, message=message, advice=advice, offset=hole.start())
                continue
            field = hole[1].split(".")[1] if "." in hole[1] else None
            if field is not None and fields is not None and field not in fields:
                meant = nearest(field, fields)
                advice = f"did you mean `{meant}`?" if meant else f"its fields are {', '.join(fields) or 'none'}"
                message = f"the input has no field `{field}`"
                yield Problem(place=place, message=message, advice=advice, offset=hole.start())


_CHECKS: Final[tuple[Callable[[WrittenAgent], Iterator[Problem]], ...]] = (
    _of_schemas,
    _of_labels,
    _of_tools,
    _of_steps,
    _of_sections,
    _of_prefetches,
)


def _of_template(key: str, template: Template, fields: list[str] | None) -> list[Problem]:
    """What is wrong with a prompt: at its place in the contract, or in a file of its own with its line."""
    from interlock.agents.prompts.language import problems_of_prompt  # noqa: PLC0415 - Jinja is heavy

    found = problems_of_prompt(template.text, names=VARIABLES, fields=fields)
    if not template.file:
        return [structs.replace(problem, place=(key,)) for problem in found]
    return [_in_file(key, template, problem) for problem in found]


def _in_file(key: str, template: Template, problem: Problem) -> Problem:
    line = template.text.count("\n", 0, problem.offset or 0) + 1
    return structs.replace(problem, place=(key,), offset=None, message=f"{template.file}:{line}: {problem.message}")
