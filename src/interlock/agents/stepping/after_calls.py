"""What came of the calls of a turn: told to the model, and weighed for whether the agent gets anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from interlock.agents.actions import Action
from interlock.agents.context.tokens import clipped, json_text
from interlock.agents.observations import ToolAnswer
from interlock.agents.offering import Toolbox
from interlock.agents.state import AgentState
from interlock.agents.stepping.progress import seen, troubled, untroubled
from interlock.agents.stepping.turn_calls import answered, ask_or_end_turn
from interlock.core.agent_contract import AgentContract
from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall
from interlock.core.values import digest_of

_NO_ANSWER: Final = Error("lost", "no answer came")


def tools_answered(
    contract: AgentContract, toolbox: Toolbox, state: AgentState, answers: Sequence[ToolAnswer]
) -> tuple[AgentState, Action]:
    """Each call gets its answer. What nobody asked for is nobody's, and of two answers the first counts."""
    by_call = {answer.call_id: answer for answer in reversed(answers)}
    weighed: set[str] = set()
    for call in state.calls:
        answer = by_call.get(call.id) or ToolAnswer(call_id=call.id, tool=call.tool, error=_NO_ANSWER)
        state = answered(state, call, _text_of(answer), failed=answer.error is not None)
        # The same call twice in one turn is one try: the model has not seen yet what the first one came to.
        if (same := _sameness(call, answer)) not in weighed:
            weighed.add(same)
            state = _weighed(state, call, answer)
    return ask_or_end_turn(contract, toolbox, state)


def _weighed(state: AgentState, call: AskedCall, answer: ToolAnswer) -> AgentState:
    if answer.error is not None:
        return troubled(state, call.tool, answer.error.message)
    return seen(untroubled(state, call.tool), call, answer)


def _sameness(call: AskedCall, answer: ToolAnswer) -> str:
    told = answer.error.message if answer.error else answer.digest
    return digest_of([call.tool, call.arguments, told])


def _text_of(answer: ToolAnswer) -> str:
    """What the model reads: as it was made for it, else the result itself."""
    if answer.error is not None:
        return clipped(answer.text or f"{answer.error.kind}: {answer.error.message}")
    return clipped(answer.text or json_text(answer.out))
