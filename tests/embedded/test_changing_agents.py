"""Agents that are edited while a client is open."""

from __future__ import annotations

from pathlib import Path

from interlock import Interlock

GRAPH = {"graph": "g", "language": 1, "nodes": {"a": {"agent": "writer"}}}


def test_an_agent_is_taken_as_it_is_when_a_graph_is_looked_at(tmp_path: Path) -> None:
    """Whoever writes an agent runs it again and again, and starts nothing anew in between."""
    contract = tmp_path / "writer.yaml"
    contract.write_text("agent: writer\nprompt: Be kind.\n")
    interlock = Interlock(agents=[tmp_path])
    before, _ = interlock.check(GRAPH).accepted()

    contract.write_text("agent: writer\nprompt: Be brief and clear.\n")
    after, _ = interlock.check(GRAPH).accepted()

    prompts = [plan.agents["writer"].prompt for plan in (before, after)]
    assert prompts == ["Be kind.", "Be brief and clear."]
    assert before.bundle_hash != after.bundle_hash
