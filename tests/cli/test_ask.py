"""`interlock ask`: a query in, an answer with its quality and cost out."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.command_line import CommandLine

ANSWERS: dict[str, dict[str, Any]] = {
    "product": {"ready": True, "goal": "To know.", "acceptance": ["It is said."], "out_of_scope": [], "questions": []}
    | {"conflicts": [], "risk": "low", "concerns": []},
    "research": {"answer": "It is this.", "findings": [], "unknown": [], "concerns": []},
    "assessment": {"approved": True, "score": 0.9, "feedback": "Good.", "must_change": [], "concerns": []},
    "evaluation": {"passed": True, "score": 0.75, "improvements": [], "confidence": 0.9, "concerns": []}
    | {"criteria": [{"criterion": "It is said.", "verdict": "met", "evidence": "It says so."}]},
}
MODELS = """\
[models.providers.script]
kind = "scripted"

[models.pools.default]
models = [{model = "script/any", price = {input = "2.50", output = "10"}}]
"""


def _answered_by(interlock: CommandLine, answers: dict[str, dict[str, Any]]) -> None:
    """A project that declares a model, which answers for each agent once."""
    interlock.write("interlock.toml", MODELS)
    for agent, answer in answers.items():
        interlock.write(f"models/{agent}.yaml", json.dumps({"agent": agent, "turns": [{"answer": answer}]}))


def test_a_query_is_answered_with_what_it_rests_on(interlock: CommandLine) -> None:
    """Whoever asks sees the answer, where it stands, and that nobody real has judged it."""
    told = interlock("ask", "What is machine learning?")

    assert told.code == 0
    assert "finding a function from examples" in told.out
    assert "  source   corpus:computing/machine-learning" in told.out
    assert "  quality  could not be told (simulated)" in told.out
    assert "  cost     $0.0000 · " in told.out


def test_programs_are_told_the_same_as_over_http(interlock: CommandLine) -> None:
    """One shape for `ask --json` and `POST /run`."""
    told = interlock("ask", "What is machine learning?", "--session", "demo", "--json").json

    assert (told["session_id"], told["state"], told["success"], told["simulated"]) == ("demo", "COMPLETED", True, True)
    assert (told["quality_score"], told["cost"]) == (None, 0.0)


def test_quality_is_what_the_evaluation_found(interlock: CommandLine) -> None:
    """It is measured by a step of the run: another judge, another quality."""
    _answered_by(interlock, ANSWERS)

    told = interlock("ask", "What is it?")

    assert told.code == 0, told.err
    assert "  quality  0.75, passed (simulated)" in told.out
    assert "  cost     $0.0" in told.out


def test_where_it_is_not_clear_what_is_wanted_a_person_is_asked(interlock: CommandLine) -> None:
    """With `--ask-back` nothing is done that nobody has asked for."""
    told = interlock("ask", "Do it.", "--ask-back")

    assert told.code == 3
    assert "missing asks: What is missing before this can be done" in told.out
    assert "--choose continue" in told.out


def test_a_query_without_a_word_is_none(interlock: CommandLine) -> None:
    """It is refused before anything is on record."""
    assert interlock("ask", "").code == 2
