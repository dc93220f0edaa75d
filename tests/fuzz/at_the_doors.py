"""Hostile data at each door by itself: schemas, what models write, what servers send, what a step is told, tools."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from inspect import isawaitable
from typing import Any, cast

import msgspec
from msgspec import structs

from interlock import tool
from interlock.agents.actions import AskModel
from interlock.agents.observations import ModelSaid, PersonAnswered, ToolAnswer, ToolsAnswered
from interlock.agents.stepping.step import begin, step
from interlock.core.canonical import canonical
from interlock.core.messages import ModelReply
from interlock.core.schemas import SchemaRefused, check_schema, compile_schema
from interlock.core.values import Value, ValueProblem, digest_of
from interlock.models.asked_calls import asked_calls
from interlock.models.sdk.streamed_completion import StreamedCompletion, StreamProblem
from interlock.tools.outcome import Done, ToolOutcome
from interlock.tools.tool import Tool
from tests.agents.working import TOOLS, fixer
from tests.fuzz.hostile_data import Hostile, hostile_answer
from tests.fuzz.tally import Tally
from tests.tools.doorstep import MemoryJournal, a_call, a_door, lived, performed, the_tool

TURNS = 4
CALLS = 10


def value_of(hostile: Hostile) -> Value:
    """A value drawn, or null where what was drawn is none: what the engine would have refused at its edge."""
    with suppress(ValueProblem):
        return canonical(hostile.result())
    return None


def schemas(seed: int, tally: Tally) -> None:
    """A schema is refused with a reason, or judges any value with reasons; nothing is fetched."""
    hostile = Hostile(seed)
    schema, value = hostile.schema(), value_of(hostile)
    tally.note("schemas")
    refused = check_schema(schema)
    if refused:
        assert all(problem.message for problem in refused)
        tally.note("schemas refused")
        return
    compiled = compile_schema(schema)
    problems = compiled.problems(value)
    assert all(isinstance(each, str) and each for each in problems)
    tally.note("values refused", bool(problems))


def written_calls(seed: int, tally: Tally) -> None:
    """Whatever a model writes is a call with arguments, or one that says what is wrong with it: and can be kept."""
    hostile = Hostile(seed)
    heard = hostile.calls(("look", "count"))
    calls = asked_calls(heard)
    assert len(calls) == min(len(heard), 129)
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.problem or isinstance(call.arguments, dict) for call in calls)
    kept = msgspec.json.encode(ModelReply("", calls))
    assert msgspec.json.decode(kept, type=ModelReply).calls == calls
    tally.note("arguments", len(heard))
    tally.note("arguments refused", sum(bool(call.problem) for call in calls))


def streams(seed: int, tally: Tally) -> None:
    """Whatever a server streams is a whole answer or a problem."""
    hostile = Hostile(seed)
    completion = StreamedCompletion(lambda text, _: tally.note("letters", len(text)))
    tally.note("streams")
    with suppress(StreamProblem):
        for _ in range(hostile.random.randrange(4)):
            body = hostile.whole_body()
            with suppress(KeyError, TypeError, IndexError, AttributeError):
                body["choices"][0]["delta"] = body["choices"][0].pop("message")
            completion.take(_as_wire(body))
        assert completion.whole()["choices"][0]["message"]["role"] == "assistant"
        tally.note("streams understood")


def _as_wire(body: object) -> bytes:
    try:
        return json.dumps(body).encode()
    except (ValueError, RecursionError, TypeError):
        return b'{"choices": ['


def steps(seed: int, tally: Tally) -> None:
    """An agent's step has an action for whatever it is told, and can be kept; the same again in the same case."""
    hostile = Hostile(seed)
    contract = fixer(context=structs.replace(fixer().context, tokens=4_000))
    toolbox = {**TOOLS, "read_file": structs.replace(TOOLS["read_file"], input=usable_schema(hostile))}
    state, action = begin(contract, toolbox, value_of(hostile))
    for _ in range(TURNS):
        observation = _observation(hostile, tuple(call.id for call in state.calls), tally)
        if isinstance(action, AskModel):
            said, calls, finish, _ = hostile_answer(hostile, ("read_file", "run_tests", "apply_patch"))
            observation = ModelSaid(ModelReply(_sound(said), asked_calls(calls), finish))
            tally.note("arguments", len(calls))
        before = state
        state, action = step(contract, toolbox, before, observation)
        assert (state, action) == step(contract, toolbox, before, observation)
        msgspec.json.encode(action)


def usable_schema(hostile: Hostile) -> dict[str, Any] | None:
    """A schema that may be used, if one is drawn."""
    schema = hostile.schema()
    with suppress(SchemaRefused):
        compile_schema(schema)
        return cast("dict[str, Any]", schema) if isinstance(schema, dict) else None
    return None


def _observation(hostile: Hostile, ids: tuple[str, ...], tally: Tally) -> ToolsAnswered | PersonAnswered:
    if not ids:
        return PersonAnswered(hostile.random.choice((None, "continue", "stop", "x")), value_of(hostile), "", "")
    outs = [value_of(hostile) for _ in ids]
    tally.note("results", len(outs))
    return ToolsAnswered(
        tuple(
            ToolAnswer(call_id=each, tool="read_file", out=out, digest=digest_of(out))
            for each, out in zip(ids, outs, strict=True)
        )
    )


def _sound(text: str) -> str:
    """Text as it comes out of the gateway."""
    return text.encode("utf-8", "replace").decode()


def tools(seed: int, tally: Tally) -> None:
    """Whatever a tool gives or is given, its call has an outcome: a value to be kept, or a failure that says why."""
    hostile = Hostile(seed)
    look = hostile_tool("look", usable_schema(hostile) or {}, lambda _: hostile.result())

    async def calls() -> list[ToolOutcome]:
        door = a_door()
        return [await performed(look, a_call(value_of(hostile)), MemoryJournal(), door) for _ in range(CALLS)]

    for outcome in lived(calls):
        tally.note("results")
        if isinstance(outcome, Done):
            assert canonical(outcome.out) == outcome.out
        else:
            assert outcome.error.message
            outcome.error.message.encode()
            tally.note("results refused")


def hostile_tool(name: str, schema: dict[str, Any], act: Callable[[Any], object], timeout: str | None = None) -> Tool:
    """A tool with that schema, which does what `act` does with its arguments."""

    @tool(effect="read", name=name, timeout=timeout)
    async def acts(arguments: Any) -> Any:  # noqa: ANN401 - anything
        """Does something."""
        made = act(arguments)
        return await cast("Awaitable[object]", made) if isawaitable(made) else made

    made = the_tool(acts)
    return replace(
        made,
        contract=structs.replace(made.contract, input=schema),
        input=compile_schema(schema),
        signature=structs.replace(made.signature, input=schema, convert=_as_one_argument),
    )


def _as_one_argument(value: Value) -> dict[str, Any]:
    return {"arguments": value}
