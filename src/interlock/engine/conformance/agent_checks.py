"""The factors about single agents (1, 2, 10), judged by their contracts and by what a rehearsal showed."""

from __future__ import annotations

from typing import Final

from interlock.agents.actions import CallTools
from interlock.agents.offering import allowed_tools
from interlock.agents.prompts.failing import PromptFailed
from interlock.agents.prompts.variables import prompt_variables
from interlock.core.agent_contract import AgentContract
from interlock.core.messages import Instructions
from interlock.core.plan import ToolContract
from interlock.core.values import is_map
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.judged import NO_AGENTS, NO_MODEL, counted, judged, not_applicable
from interlock.engine.conformance.looked_at import LookedAt
from interlock.engine.conformance.made_up import CannotMakeUp, made_up

STEPS_ADVISED_MAX: Final = 20
TOOLS_ADVISED_MAX: Final = 12
OWN_WORDS_MIN: Final = 3
"""A template with fewer words of its own is written by whoever gives the input."""


# --- 1: natural language to tool calls -------------------------------------------------------------------------------


def tool_calls(seen: LookedAt) -> Finding:
    """Arguments have a shape that can be checked, and what cannot be meant is never called."""
    contracts = seen.subject.contracts
    if not contracts:
        return not_applicable(1, NO_AGENTS)
    tools = {tool.name: tool for contract in contracts for tool in seen.subject.tools_of(contract)}
    wrong = [f"`{name}` takes anything: its arguments have no shape" for name, tool in tools.items() if _is_open(tool)]
    for name, rehearsed in seen.agents.items():
        allowed = {*allowed_tools(seen.subject.plan.agents[name]), *_fetched(seen.subject.plan.agents[name])}
        for step in rehearsed.steps:
            calls = step.action.calls if isinstance(step.action, CallTools) and step.action.origin == "model" else ()
            wrong += [
                f"`{name}` made a call of `{call.tool}`, which it may not call"
                for call in calls
                if call.tool not in allowed
            ]
            wrong += [f"`{name}` made a call of `{call.tool}` that nobody can read" for call in calls if call.problem]
    right = [
        f"{counted(len(tools), 'tool')} with arguments that are checked",
        f"{counted(len(seen.agents), 'agent')} called no tool that is not there, and none with unreadable arguments",
        *seen.caveats,
    ]
    advice = "give every argument a type; in an own step, check a model's calls before you make them"
    return judged(1, wrong=wrong, right=right, advice=advice)


def _is_open(tool: ToolContract) -> bool:
    """Whether nothing at all is known of its arguments."""
    schema = tool.input
    if schema is None:
        return True
    fields = schema.get("properties")
    if not is_map(fields) or not fields:
        return schema.get("additionalProperties") is not False and "$ref" not in schema
    told = {"type", "enum", "const", "$ref", "anyOf", "oneOf", "allOf"}
    return not any(is_map(field) and told & field.keys() for field in fields.values())


def _fetched(contract: AgentContract) -> list[str]:
    return [each.tool for each in contract.context.prefetch]


# --- 2: own your prompts ---------------------------------------------------------------------------------------------


def prompts(seen: LookedAt) -> Finding:
    """The instructions stand in a template of the project, and a model is told these and no others."""
    contracts = seen.subject.contracts
    if not contracts:
        return not_applicable(2, NO_AGENTS)
    wrong = [
        f"the prompt of `{each.name}` has no words of its own: whoever gives its input writes its instructions"
        for each in contracts
        if not _owns_its_step(seen, each.name) and _own_words(each.prompt) < OWN_WORDS_MIN
    ]
    for contract, _, action in seen.asked():
        told = [each.text for each in action.request.messages if isinstance(each, Instructions)]
        if told != [_rendered(contract, seen)]:
            wrong.append(f"`{contract.name}` tells its model instructions that are not those of its prompt")
    asked = sum(1 for _ in seen.asked())
    if not asked and not wrong:
        return not_applicable(2, NO_MODEL, *seen.caveats)
    right = [f"{counted(asked, 'request')} began with the rendered prompt, word for word", *seen.caveats]
    advice = "write the instructions into the contract's prompt; give what changes as `task` or as facts"
    return judged(2, wrong=wrong, right=right, advice=advice)


def _owns_its_step(seen: LookedAt, name: str) -> bool:
    agent = seen.subject.agents.get(name)
    return agent is None or agent.own_step is not None


def _own_words(template: str) -> int:
    """The words of a template outside of its holes."""
    from jinja2 import nodes  # noqa: PLC0415 - Jinja is heavy

    from interlock.agents.prompts.language import parsed  # noqa: PLC0415 - as above

    return sum(len(each.data.split()) for each in parsed(template).find_all(nodes.TemplateData))


def _rendered(contract: AgentContract, seen: LookedAt) -> str:
    from interlock.agents.prompts.rendering import render_prompt  # noqa: PLC0415 - Jinja is heavy

    try:
        return render_prompt(
            contract.prompt, prompt_variables(contract, seen.subject.toolbox(contract), _input(contract))
        )
    except (PromptFailed, CannotMakeUp):
        return ""


def _input(contract: AgentContract) -> object:
    from interlock.core.schemas import with_defaults  # noqa: PLC0415 - beside its one use

    given = made_up(contract.input)
    return with_defaults(contract.input, given) if contract.input else given


# --- 10: small, focused agents ---------------------------------------------------------------------------------------


def small_agents(seen: LookedAt) -> Finding:
    """Few steps and few tools."""
    contracts = seen.subject.contracts
    if not contracts:
        return not_applicable(10, NO_AGENTS)
    wrong = [
        f"`{each.name}` may take {each.limits.steps} steps: at most {STEPS_ADVISED_MAX} are advised"
        for each in contracts
        if each.limits.steps > STEPS_ADVISED_MAX
    ]
    wrong += [
        f"`{each.name}` has {len(each.tools)} tools to choose from: at most {TOOLS_ADVISED_MAX} are advised"
        for each in contracts
        if len(each.tools) > TOOLS_ADVISED_MAX
    ]
    right = [
        f"`{each.name}`: {counted(each.limits.steps, 'step')}, {counted(len(each.tools), 'tool')}" for each in contracts
    ]
    return judged(10, wrong=wrong, right=right, advice="split the work among several agents, as nodes of the graph")
