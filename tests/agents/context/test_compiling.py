"""The context of a call: what goes in, what is left out and why, and how much room it takes."""

from __future__ import annotations

from typing import Any

from interlock.agents.actions import AskModel, Fail
from interlock.agents.context.compiling import request_digest
from interlock.agents.manifest import LeftOut, Manifest, SectionUse
from interlock.agents.observations import ToolAnswer, ToolsAnswered
from interlock.core.agent_contract import AgentContract, AgentLimits, ContextProfile, ContextSection, Prefetch
from interlock.core.messages import Answered, Instructions, Said, Told
from tests.agents.working import Working, asks, broke, call, fixer, found, says

ROOMY = AgentLimits(steps=50, errors=20)


def manifest(work: Working) -> Manifest:
    """What the model is told now is made of."""
    assert isinstance(work.action, AskModel), work.action
    return work.action.manifest


def profiled(*sections: ContextSection, **keys: Any) -> AgentContract:  # noqa: ANN401 - the fields of a profile
    """An agent with a context profile."""
    return fixer(limits=ROOMY, tools=("read_file", "run_tests"), context=ContextProfile(sections=sections, **keys))


def test_a_manifest_says_what_a_request_is_made_of() -> None:
    """Whoever wonders why a model answered as it did looks here first."""
    work = Working(fixer(tools=("read_file",)))
    assert isinstance(work.action, AskModel)

    assert work.action.manifest == Manifest(
        request=request_digest(work.action.request),
        tokens=36,
        budget=20_000,
        sections=(SectionUse("instructions", "instructions", 4), SectionUse("task", "task", 5)),
        tools_tokens=21,
        prompt=work.action.manifest.prompt,
        estimated=True,
    )


def test_older_turns_become_a_line_each_and_the_newest_stay_whole() -> None:
    """A long piece of work must not drown in its own history."""
    work = Working(profiled(turns_whole=1))

    work.calls("read_file", found("", "x" * 500), path="a.py")
    work.calls("run_tests", found("", "2 failed"), n=1)

    assert work.request[1:] == (
        Told(f'Mend it.\n\n## Earlier\nturn 1: read_file({{"path":"a.py"}}) → {"x" * 119}…'),
        Said("", (call("run_tests", "c1", n=1),)),
        Answered("c1", "run_tests", "2 failed"),
    )


def test_a_manifest_does_not_grow_with_the_turns_that_are_only_told_in_a_line() -> None:
    """It is recorded at every call: of an agent that works for long, most of the log would be numbers of old turns."""
    work = Working(profiled(turns_whole=1))

    for turn in range(5):
        work.calls("run_tests", found("", turn), n=turn)

    assert manifest(work).left_out == (LeftOut("turns", "turns 1 to 4", "compacted"),)


def test_a_turn_that_has_no_room_is_told_in_a_line_and_no_call_is_left_without_its_answer() -> None:
    """Half a turn would be refused by every provider."""
    work = Working(profiled(tokens=900))

    work.calls("read_file", found("", "word " * 400), path="a.py")
    work.calls("read_file", found("", "text " * 400), path="b.py")

    [answer] = work.answers
    assert answer.call == "c1"
    assert "turn 1: read_file" in work.request[1].text
    assert [(each.what, each.why) for each in manifest(work).left_out] == [("turn 1", "over_budget")]


def test_the_newest_result_is_cut_to_fit_with_a_mark_where_something_is_missing() -> None:
    """A model that reads a cut file must know that it is cut."""
    work = Working(profiled(tokens=600))

    work.calls("read_file", found("", "\n".join(f"line {number}" for number in range(1_000))), path="a.py")

    [answer] = work.answers
    assert answer.text.startswith("line 0\nline 1\n")
    assert answer.text.endswith("line 999")
    assert "or more tokens are left out here …]" in answer.text
    assert manifest(work).sections[-1].cut
    assert manifest(work).tokens <= 600


def test_open_errors_are_told_in_a_hundred_characters_the_last_five_and_resolved_ones_leave() -> None:
    """Errors that are over would only mislead, and a stack trace is read once."""
    work = Working(profiled(turns_whole=1))

    for number in range(7):
        work.calls("read_file", broke("", f"no such file {number}: " + "x" * 200), path=str(number))
    told = work.last_told
    work.calls("read_file", found("", "at last"), path="a")

    lines = told.splitlines()
    assert [line[:29] for line in lines] == [
        "## Open errors",
        *(f"read_file: no such file {n}: xxx"[:29] for n in range(2, 7)),
    ]
    assert all(len(line) <= len("read_file: ") + 100 for line in lines)
    assert "Open errors" not in str(work.request)
    assert "(failed; resolved since)" in work.request[1].text


def test_an_older_error_is_compacted_while_the_newest_is_whole() -> None:
    """What went wrong just now is read in full, what went wrong before that in a line."""
    work = Working(profiled())
    work.calls("read_file", broke("", "old " * 100), path="a")
    work.calls("run_tests", broke("", "new " * 100), n=1)

    assert [len(answer.text) for answer in work.answers] == [100, 400]


def test_sections_are_chosen_shaped_and_limited_as_the_profile_says() -> None:
    """Who owns the context decides what a model reads, and the manifest tells what that cost."""
    facts = ContextSection(name="facts", source="prefetched", select=("not_failed",), transform=("fields:id",))
    contract = fixer(
        tools=(),
        context=ContextProfile(
            sections=(ContextSection(name="task", source="task", priority=95), facts),
            prefetch=(
                Prefetch(name="issue", tool="read_file", input={}),
                Prefetch(name="log", tool="read_file", input={}),
            ),
        ),
    )
    work = Working(contract)

    work.told(ToolsAnswered((found("prefetch-issue", None), broke("prefetch-log", "gone"))))
    issue = Working(contract)
    issue.told(
        ToolsAnswered(
            (
                found("prefetch-log", "plain"),
                ToolAnswer(call_id="prefetch-issue", tool="read_file", text='{"id": 7, "body": "long"}'),
            )
        )
    )

    assert issue.request == (
        Instructions("You mend code."),
        Told('Mend it.\n\n## Facts\nissue: {"id":7}\nlog: plain'),
    )
    assert LeftOut("facts", "issue", "transformed", 7) in manifest(issue).left_out
    assert [(each.what, each.why) for each in manifest(work).left_out] == [("log", "not_selected")]


def test_of_two_sections_that_do_not_both_fit_the_more_important_one_stays() -> None:
    """Priorities decide, not the order in which sections are read."""
    sections = (
        ContextSection(name="input", source="input", priority=10),
        ContextSection(name="task", source="task", priority=20),
    )
    contract = fixer(tools=(), task="{{ input.a }}", context=ContextProfile(tokens=200, sections=sections))

    work = Working(contract, {"a": "first " * 150, "b": "second " * 300})

    assert work.request[1].text.count("first") >= 150
    assert "second" not in work.request[1].text
    assert [(each.what, each.why) for each in manifest(work).left_out] == [("a", "over_budget"), ("b", "over_budget")]


def test_a_context_without_room_for_its_instructions_is_refused_and_says_what_to_raise() -> None:
    """To cut the instructions would make another agent of it."""
    ended = Working(fixer(prompt="Mind this. " * 400, context=ContextProfile(tokens=500))).action

    assert isinstance(ended, Fail)
    assert ended.error.kind == "exhausted"
    assert "has room for 500 tokens" in ended.error.message
    assert "raise `context.tokens`" in ended.error.message


def test_a_context_without_room_for_its_task_is_refused_as_well() -> None:
    """A model that is not told what to do would do something."""
    sections = (
        ContextSection(name="task", source="task", priority=1),
        ContextSection(name="facts", source="prefetched"),
    )
    prefetch = (Prefetch(name="log", tool="read_file", input={}),)
    profile = ContextProfile(tokens=256, sections=sections, prefetch=prefetch)
    work = Working(fixer(tools=(), context=profile))

    ended = work.told(ToolsAnswered((found("prefetch-log", "line " * 900),)))

    assert isinstance(ended, Fail)
    assert "its instructions, tools and task alone take" in ended.error.message


def test_turns_that_found_no_room_are_told_however_important_that_is_to_be() -> None:
    """What was dropped is known only when everything else has its place."""
    sections = (
        ContextSection(name="task", source="task", priority=95),
        ContextSection(name="earlier_turns", source="earlier_turns", priority=99),
    )
    work = Working(profiled(*sections, tokens=900))

    work.calls("read_file", found("", "word " * 400), path="a.py")
    work.calls("read_file", found("", "text " * 400), path="b.py")

    assert "turn 1: read_file" in work.request[1].text
    assert "turn 2" not in work.request[1].text


def test_a_person_and_a_repair_are_told_in_their_place() -> None:
    """What the model is told between its turns stays where it was said."""
    work = Working(fixer(output={"type": "object"}))

    work.told(says("prose"), asks(call("read_file", "r")), ToolsAnswered((found("r", "x"),)))

    assert [type(message).__name__ for message in work.request] == [
        "Instructions", "Told", "Said", "Told", "Said", "Answered",
    ]  # fmt: skip
