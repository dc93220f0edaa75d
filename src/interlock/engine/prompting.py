"""The exact prompts of an agent's calls of models: made again from the record, and held against the recorded digests.

The log keeps what went into a context and the digest of the whole, and none of the text twice. A prompt that comes out
otherwise than it was is not told at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from interlock.agents.actions import AskModel
from interlock.core.events import RunMigrated, RunStarted
from interlock.core.messages import ModelRequest
from interlock.core.paths import split_step
from interlock.engine.agents.rebuilding import rebuilt_requests
from interlock.engine.engine import Engine
from interlock.engine.performing import Performer
from interlock.engine.telling.agent_record import AgentRecord, ModelCall

Asked: TypeAlias = Sequence[AskModel]
"""What the turns of an agent ask, the first one first."""


class Prompt(Struct, frozen=True, kw_only=True):
    """A call of a model with what was asked."""

    call: ModelCall
    request: ModelRequest | None = None
    """Everything that was sent, to the letter; None where it cannot be made again here."""
    why: str = ""
    """Why it cannot."""


async def prompts_at(engine: Engine, world: Performer, run: str, path: str) -> list[Prompt]:
    """The calls of models by the agent at a path, or the call at the path of a step; a `world` lends the agents' code.

    Of a call that was made once more, and of one that was made in several attempts, each is told.
    """
    plan, pages = await engine.log_in_pages(run)
    address = split_step(path)
    records = [AgentRecord(plan, run, path), *([AgentRecord(plan, run, address[0])] if address else [])]
    bundles: list[str] = []
    async for events in pages:
        for event in events:
            if isinstance(event.body, RunStarted | RunMigrated):
                bundles.append(event.body.bundle)
            for record in records:
                record.take(event)
    for record in records:
        calls = [call for call in record.calls() if record is records[0] or call.path == path]
        if not calls:
            continue
        wanted = {call.attempt for call in calls}
        # A run that was moved in the middle has asked by the contract of one bundle, and then by that of another.
        plans = [await engine.plan_of(bundle) for bundle in reversed(dict.fromkeys(bundles))]
        rebuilt: dict[int, list[Asked]] = {
            number: [
                await rebuilt_requests(each, run, attempt, world, engine.whole)
                for each in plans
                if attempt.agent in each.agents
            ]
            for number, attempt in record.attempts().items()
            if number in wanted
        }
        return [_prompt(await _whole(engine, call), rebuilt.get(call.attempt, [])) for call in calls]
    return []


async def _whole(engine: Engine, call: ModelCall) -> ModelCall:
    return replace(call, reply=await engine.whole(call.reply), manifest=await engine.whole(call.manifest))


def _prompt(call: ModelCall, rebuilt: Sequence[Asked]) -> Prompt:
    """What was asked by the bundle of which that comes out as it was sent; by the last, where it does not by any."""
    told = [_by_one_bundle(call, asked) for asked in rebuilt] or [_by_one_bundle(call, [])]
    return next((prompt for prompt in told if prompt.request is not None), told[0])


def _by_one_bundle(call: ModelCall, asked: Asked) -> Prompt:
    if not asked:
        return Prompt(call=call, why=f"the agent {call.agent} steps by code that is not here: open its project")
    if call.turn > len(asked):
        return Prompt(
            call=call, why=f"stepped over its record, the agent {call.agent} does not come to turn {call.turn}"
        )
    action = asked[call.turn - 1]
    made = action.manifest.request
    if call.digest and made != call.digest:
        why = (
            f"what this release makes of the record is not what was sent (its digest is {made[:16]}, "
            f"that of what was sent {call.digest[:16]}): the release that asked it, with the tools of then, can tell"
        )
        return Prompt(call=call, why=why)
    return Prompt(call=call, request=action.request)
