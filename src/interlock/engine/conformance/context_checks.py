"""The factors about what a model is told (3, 9, 13), judged by contexts that were compiled in a rehearsal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.agents.actions import Fail
from interlock.agents.agent import State
from interlock.agents.context.compiling import request_digest
from interlock.agents.context.sections import sections_of
from interlock.agents.context.tokens import MESSAGE_TOKENS, tokens_of_request
from interlock.agents.manifest import Manifest
from interlock.agents.state import AgentState
from interlock.core.agent_contract import AgentContract, Prefetch
from interlock.core.messages import Answered, ModelRequest
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.judged import NO_AGENTS, NO_MODEL, counted, judged, not_applicable
from interlock.engine.conformance.looked_at import LookedAt
from interlock.engine.conformance.rehearsed_agents import LONG_ERROR

ERRORS_ADVISED_MAX: Final = 5
_SLACK: Final = 4 * MESSAGE_TOKENS
"""What a section takes at most besides its tokens: its heading, and its share of the messages around the turns."""


# --- 3: own your context window --------------------------------------------------------------------------------------


def context_window(seen: LookedAt) -> Finding:
    """Each context has a true manifest and keeps to its budget, and there is room for what no call can lack."""
    if not seen.subject.contracts:
        return not_applicable(3, NO_AGENTS)
    wrong = [
        f"`{contract.name}`: {problem}"
        for contract, _, action in seen.asked()
        for problem in _untrue(action.manifest, action.request)
    ]
    wrong += [
        f"`{name}` never gets to ask a model: {end.error.message}"
        for name, rehearsed in seen.agents.items()
        if not rehearsed.asked and isinstance(end := rehearsed.steps[-1].action, Fail) and end.error.kind == "exhausted"
    ]
    asked = sum(1 for _ in seen.asked())
    if not asked and not wrong:
        return not_applicable(3, NO_MODEL, *seen.caveats)
    right = [f"{counted(asked, 'manifest')}: each named its request, added up and kept to its budget", *seen.caveats]
    advice = "raise `context.tokens`, or shorten what is in every call; an own step makes true manifests"
    return judged(3, wrong=wrong, right=right, advice=advice)


def _untrue(manifest: Manifest, request: ModelRequest) -> Iterator[str]:
    """What a manifest says of its request and is not so."""
    tokens = tokens_of_request(request)
    parts = sum(section.tokens for section in manifest.sections) + manifest.tools_tokens
    if manifest.request != request_digest(request):
        yield "a manifest names another request than it came with"
    if manifest.tokens != tokens:
        yield f"a manifest says {manifest.tokens} tokens, and its request has {tokens}"
    if manifest.tokens > manifest.budget:
        yield f"a context of {manifest.tokens} tokens is over its budget of {manifest.budget}"
    if parts + _SLACK * (1 + len(manifest.sections)) < tokens:
        yield f"the parts of a manifest add up to {parts} tokens, and its request has {tokens}"


# --- 9: compact errors -----------------------------------------------------------------------------------------------


def compact_errors(seen: LookedAt) -> Finding:
    """Errors in a row are capped, and an open one is told in short and not at length for ever."""
    contracts = seen.subject.contracts
    if not contracts:
        return not_applicable(9, NO_AGENTS)
    wrong: list[str] = []
    for contract in contracts:
        name = contract.name
        if contract.limits.errors > ERRORS_ADVISED_MAX:
            wrong.append(f"`{name}` may fail {contract.limits.errors} times in a row")
        if "errors" not in {section.source for section in sections_of(contract.context)}:
            wrong.append(f"the context of `{name}` has no section for errors: an open one is forgotten with its turn")
    told = [(contract, length) for contract, state, action in seen.asked() for length in _told(state, action.request)]
    wrong += [f"`{each.name}` is told an error at length, although its turn is over" for each, length in told if length]
    right = [
        *(f"`{each.name}` stops after {counted(each.limits.errors, 'error')} in a row" for each in contracts),
        f"in {counted(len(told), 'request')} an error of {len(LONG_ERROR):,} characters was told in short"
        if told
        else "in the rehearsal no call failed whose error could have been shortened",
        *seen.caveats,
    ]
    advice = f"leave `limits.errors` at 3 (at most {ERRORS_ADVISED_MAX}), and have a section with the source `errors`"
    return judged(9, wrong=wrong, right=right, advice=advice)


def _told(state: State, request: ModelRequest) -> list[bool]:
    """For each long error of a turn that is over, and that the request still tells of: whether at length."""
    if not isinstance(state, AgentState):
        return []
    older = {answer.call for turn in state.turns[:-1] for answer in turn.answers if LONG_ERROR in answer.text}
    return [LONG_ERROR in each.text for each in request.messages if isinstance(each, Answered) and each.call in older]


# --- 13: pre-fetching ------------------------------------------------------------------------------------------------


def prefetching(seen: LookedAt) -> Finding:
    """What is fetched beforehand only reads, is called as it wants to be, and is in the first call."""
    fetching = [each for each in seen.subject.contracts if each.context.prefetch]
    if not fetching:
        return not_applicable(13, "no agent declares anything that is fetched before its first call")
    wrong: list[str] = []
    for contract in fetching:
        wrong += [problem for each in contract.context.prefetch if (problem := _wrong_fetch(seen, contract, each))]
        if "prefetched" not in {section.source for section in sections_of(contract.context)}:
            wrong.append(f"the context of `{contract.name}` has no section for what it fetches: no model sees it")
        wrong += _unfetched(seen, contract)
    right = [
        f"`{each.name}` fetches {', '.join(fact.name for fact in each.context.prefetch)}, seen by its first call"
        for each in fetching
    ]
    advice = (
        "fetch by tools of the effect `read`, from fields of the input, and keep a section of the source `prefetched`"
    )
    return judged(13, wrong=wrong, right=[*right, *seen.caveats], advice=advice)


def _wrong_fetch(seen: LookedAt, contract: AgentContract, fetch: Prefetch) -> str:
    tool = seen.subject.plan.tools.get(fetch.tool)
    if tool is not None and tool.effect != "read":
        return f"`{contract.name}` fetches `{fetch.name}` with `{fetch.tool}`, which changes something ({tool.effect})"
    return ""


def _unfetched(seen: LookedAt, contract: AgentContract) -> list[str]:
    """Facts of a rehearsal that could not even be asked for."""
    rehearsed = seen.agents.get(contract.name)
    state = rehearsed.asked[0][0] if rehearsed is not None and rehearsed.asked else None
    facts = state.facts if isinstance(state, AgentState) else ()
    return [
        f"`{contract.name}` cannot fetch `{fact.name}`: {fact.text.removeprefix('not fetched: ')}"
        for fact in facts
        if fact.failed and "made-up" not in fact.text
    ]
