"""Whether an agent gets anywhere: three times the same is told to it, and then it is stopped."""

from __future__ import annotations

from interlock.agents.actions import AskModel, Fail
from interlock.agents.observations import ToolsAnswered
from interlock.core.agent_contract import AgentLimits
from tests.agents.working import Working, asks, broke, call, fixer, found, says

PATIENT = fixer(limits=AgentLimits(steps=50, errors=10), repairs=20)
SAME_RESULT = "You have called `run_tests` 3 times with the same arguments, and it gave the same result each time."


def test_the_same_result_three_times_is_told_and_the_fourth_time_stops_the_agent() -> None:
    """A loop that changes nothing costs money for nothing, and a model may not see that it is in one."""
    work = Working(PATIENT)

    for _ in range(2):
        work.calls("run_tests", found("", "3 failed"))
    quiet = work.request
    work.calls("run_tests", found("", "3 failed"))
    told = work.last_told
    ended = work.calls("run_tests", found("", "3 failed"))

    assert not any(SAME_RESULT in message.text for message in quiet)
    assert told.startswith(SAME_RESULT)
    assert isinstance(ended, Fail)
    assert ended.error.kind == "no_progress"
    assert ended.error.message.startswith("the agent `fixer` called `run_tests` 4 times with the same")


def test_seven_runs_of_the_tests_between_patches_never_stop_an_agent() -> None:
    """To test after each change is how work is done, also if the tests go on failing in the same way."""
    work = Working(PATIENT)

    for number in range(7):
        work.calls("apply_patch", found("", "applied", effect="idempotent"), patch=number)
        work.calls("run_tests", found("", "3 failed"))

    assert isinstance(work.action, AskModel)
    assert not any(SAME_RESULT in message.text for message in work.request)


def test_tests_that_fail_as_an_error_between_patches_do_not_stop_an_agent_either() -> None:
    """How a tool tells that tests failed, as a result or as an error, makes no difference."""
    work = Working(PATIENT)

    for number in range(7):
        work.calls("apply_patch", found("", "applied", effect="idempotent"), patch=number)
        work.calls("run_tests", broke("", "3 failed"))

    assert isinstance(work.action, AskModel)


def test_the_same_side_effect_with_the_same_result_again_and_again_is_no_progress() -> None:
    """What changes the world resets every call but itself."""
    work = Working(PATIENT)

    for _ in range(4):
        work.calls("apply_patch", found("", "applied", effect="idempotent"), patch=1)

    assert isinstance(work.action, Fail)
    assert work.action.error.kind == "no_progress"


def test_the_same_error_three_times_is_told_and_the_fourth_time_stops_the_agent() -> None:
    """Also if something else was read in between: reading changes nothing."""
    work = Working(PATIENT)

    for number in range(3):
        work.calls("read_file", broke("", "no such file: a.py"), path="a.py")
        work.calls("run_tests", found("", "3 failed"), n=number)
    told = work.state.troubles
    ended = work.calls("read_file", broke("", "no such file: a.py"), path="a.py")

    assert [(each.tool, each.count) for each in told] == [("read_file", 3)]
    assert isinstance(ended, Fail)
    assert ended.error.message == ("the agent `fixer` met the same error 4 times: read_file: no such file: a.py")


def test_the_model_that_repeats_the_same_broken_answer_is_told_and_stopped() -> None:
    """Its own mistakes count as any other error."""
    work = Working(fixer(limits=AgentLimits(steps=50, errors=10), repairs=20, output={"type": "object"}))

    for _ in range(3):
        work.told(says("not data"))
    told = work.last_told
    ended = work.told(says("not data"))

    assert "You have met the same error 3 times" in told
    assert isinstance(ended, Fail)
    assert ended.error.kind == "no_progress"


def test_the_same_call_several_times_in_one_turn_is_one_try() -> None:
    """The model has not seen yet what the first one came to: it repeats nothing."""
    work = Working(PATIENT)

    work.told(asks(*(call("run_tests", str(number)) for number in range(4))))
    work.told(ToolsAnswered(tuple(found(str(number), "3 failed") for number in range(4))))

    assert [(each.tool, each.count) for each in work.state.sightings] == [("run_tests", 1)]
    assert isinstance(work.action, AskModel)


def test_another_result_or_other_arguments_are_progress() -> None:
    """Polling what changes, or reading one file after another, is work."""
    work = Working(PATIENT)

    for number in range(6):
        work.calls("run_tests", found("", f"{number} failed"))
        work.calls("read_file", found("", "same"), path=f"{number}.py")

    assert isinstance(work.action, AskModel)
