"""How an agent steps: what came of its last action goes in, its next action comes out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from interlock.agents.actions import AskModel, AskPerson, CallTools, Fail, Finish
from interlock.agents.observations import ModelSaid, Observation, PersonAnswered, ToolsAnswered
from interlock.core.agent_contract import AgentLimits, ContextProfile, Prefetch
from interlock.core.event_parts import Error, Question
from interlock.core.messages import Answered, AskedCall, Instructions, ModelReply, OfferedTool, Said, Told
from interlock.core.values import Value
from tests.agents.working import TOOLS, Working, asks, broke, call, fixer, found, no_model, says

RESULT = {"type": "object", "properties": {"version": {"type": "integer"}}, "required": ["version"]}


def test_an_agent_begins_by_asking_its_model_with_its_prompt_its_task_and_its_tools() -> None:
    """Nothing is said behind anybody's back: the request is what the contract says, and no more."""
    work = Working(fixer(tools=("run_tests",)), {"bug": 41})

    assert work.request == (Instructions("You mend code."), Told('{"bug":41}'))
    assert isinstance(work.action, AskModel)
    assert work.action.request.tools == (OfferedTool("run_tests", "Runs the tests.", TOOLS["run_tests"].input or {}),)


def test_text_without_calls_is_the_end_where_any_text_will_do() -> None:
    """An agent without a schema is done when its model has nothing more to call."""
    assert Working().told(says("All is well.")) == Finish("All is well.")


def test_calls_are_made_at_once_and_their_answers_go_back_in_the_order_of_the_calls() -> None:
    """Independent calls need not wait for each other, and providers want each of them answered."""
    work = Working()
    asked = work.told(asks(call("read_file", "a", path="x"), call("run_tests", "b"), text="Looking."))

    work.told(ToolsAnswered((found("b", "2 failed"), found("a", "print(1)"))))

    assert asked == CallTools((call("read_file", "a", path="x"), call("run_tests", "b")))
    assert work.request[2:] == (
        Said("Looking.", (call("read_file", "a", path="x"), call("run_tests", "b"))),
        Answered("a", "read_file", "print(1)"),
        Answered("b", "run_tests", "2 failed"),
    )


def test_an_answer_that_never_came_is_told_as_a_failure() -> None:
    """A call that was lost must not look as if it had never been asked for."""
    work = Working()
    work.told(asks(call("read_file", "a"), call("read_file", "b", n=2)), ToolsAnswered((found("a", "x"),)))

    assert work.answers[1] == Answered("b", "read_file", "lost: no answer came", failed=True)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (call("run_test"), "there is no tool `run_test`: did you mean `run_tests`?"),
        (call("rm"), "there is no tool `rm`: there are read_file, run_tests, apply_patch, agent__helper_"),
        (AskedCall("1", "run_tests", raw="{n: 1", problem="line 1"), "its arguments could not be read (line 1)"),
        (call("run_tests", n="one"), "arguments.n is"),
        (call("request_human_input"), "arguments.question is missing"),
        (call("request_human_input", question="?", form={"type": "strin"}), "the form cannot be used"),
        (call("request_human_input", question="?", choices=["a"], form={}), "give choices or a form, not both"),
    ],
)
def test_a_call_that_cannot_be_meant_is_answered_with_what_is_wrong(asked: AskedCall, told: str) -> None:
    """Nothing that a model says is dropped: it reads why nothing was called, and does better."""
    work = Working(fixer(tools=("read_file", "run_tests", "apply_patch", "agent:helper", "request_human_input")))

    work.told(asks(asked))

    [answer] = work.answers
    assert answer.failed
    assert answer.text.startswith("Not called: ")
    assert told in answer.text


def test_good_calls_of_a_turn_are_made_although_another_cannot_be_meant() -> None:
    """One slip costs one call, not the whole turn."""
    work = Working()

    work.told(asks(call("read_file", "a"), call("raed_file", "b")))

    assert work.made == ["read_file"]
    work.told(ToolsAnswered((found("a", "x"),)))
    assert [(answer.call, answer.failed) for answer in work.answers] == [("a", False), ("b", True)]


def test_agents_are_called_by_names_that_providers_take() -> None:
    """`agent:helper` is no name that a provider takes, and must still be found again."""
    work = Working()
    assert isinstance(work.action, AskModel)
    name = work.action.request.tools[3].name

    work.told(asks(call(name, "a")))

    assert name.startswith("agent__helper_")
    assert work.made == ["agent:helper"]
    work.told(ToolsAnswered((found("a", "done"),)))
    assert work.answers == [Answered("a", name, "done")]


def test_more_calls_at_once_than_anybody_means_are_not_made() -> None:
    """A model that has gone wrong asks for a thousand things; each of them is answered, and few are done."""
    work = Working()

    work.told(asks(*(call("read_file", str(number), n=number) for number in range(40))))
    made = work.made
    work.told(ToolsAnswered(tuple(found(str(number), "x") for number in range(32))))

    assert len(made) == 32
    assert [answer.text for answer in work.answers if answer.failed] == [
        "Not called: 40 calls at once are too many: at most 32 are made"
    ] * 8


def test_ids_that_a_model_gives_twice_are_told_apart() -> None:
    """Two calls under one id could not both be answered."""
    work = Working()

    work.told(asks(call("read_file", "1"), call("read_file", "1", n=2), call("read_file", "bad id!", n=3)))

    assert isinstance(work.action, CallTools)
    assert [each.id for each in work.action.calls] == ["1", "call-2", "call-3"]


def test_no_call_of_a_model_passes_for_one_of_the_agents_own() -> None:
    """The calls before its first turn are on record under ids that a model can guess."""
    facts = ContextProfile(tokens=20_000, prefetch=(Prefetch(name="tree", tool="read_file", input={}),))
    work = Working(fixer(memory=("session",), context=facts))
    work.told(ToolsAnswered((found("memory-session", [], tool="recall"),)))
    work.told(ToolsAnswered((found("prefetch-tree", "a.py"),)))

    work.told(asks(call("read_file", "prefetch-tree"), call("read_file", "memory-session")))

    assert isinstance(work.action, CallTools)
    assert [each.id for each in work.action.calls] == ["call-1", "call-2"]


# --- Ends ------------------------------------------------------------------------------------------------------------


def test_an_answer_that_fits_its_schema_is_the_end() -> None:
    """Data is read as data, also in the fence that models put around it."""
    work = Working(fixer(output=RESULT))

    assert work.told(says('```json\n{"version": 42}\n```')) == Finish({"version": 42})


def test_an_answer_that_does_not_fit_is_repaired() -> None:
    """The model reads what is wrong, and is asked again."""
    work = Working(fixer(output=RESULT))

    work.told(says('{"version": "new"}'))

    assert "Your answer could not be used: answer.version is" in work.request[3].text
    assert work.told(says('{"version": 42}')) == Finish({"version": 42})


def test_an_answer_that_is_never_repaired_is_a_failure() -> None:
    """What cannot be used is never handed on, and a cap is no success."""
    work = Working(fixer(output=RESULT, repairs=1))

    ended = work.told(says("soon"), says("{}"))

    assert isinstance(ended, Fail)
    assert (ended.error.kind, ended.error.message) == (
        "exhausted",
        "the agent `fixer` is stopped: 2 answers in a row could not be used: answer: answer.version is missing",
    )


def test_a_turn_that_can_be_meant_begins_the_count_of_repairs_anew() -> None:
    """A slip now and then is not the same as a model that cannot do it."""
    work = Working(fixer(repairs=1))

    work.told(asks(call("raed_file", "a")))
    work.calls("read_file", found("", "x"))
    work.told(asks(call("raed_file", "b")))

    assert isinstance(work.action, AskModel)


def test_a_task_is_completed_by_a_call_with_a_result_that_fits() -> None:
    """Finishing is a call like any other: checked, and repaired if it is wrong."""
    work = Working(fixer(tools=("complete_task",), output=RESULT, labels=("major", "minor")))

    wrong = work.told(asks(call("complete_task", result={"version": "x"})))
    right = work.told(asks(call("complete_task", "2", result={"version": 2}, labels=["minor"])))

    assert isinstance(wrong, AskModel)
    assert right == Finish({"version": 2}, ("minor",))


def test_a_task_is_not_completed_beside_other_calls() -> None:
    """Whoever has not seen what came of a call cannot know that the work is done."""
    work = Working(fixer(tools=("run_tests", "complete_task")))

    work.told(asks(call("run_tests", "a"), call("complete_task", "b", summary="done")))

    assert work.made == ["run_tests"]
    work.told(ToolsAnswered((found("a", "3 failed"),)))
    assert work.answers[1].text.startswith("Not called: call it alone")


@pytest.mark.parametrize("finish", ["length", "filtered"])
def test_an_answer_that_was_broken_off_is_no_answer_and_calls_in_it_are_not_made(finish: str) -> None:
    """Half an answer may read like a whole one, and half a list of calls is not what was meant."""
    work = Working()

    work.told(ModelSaid(ModelReply("Half an ans", finish=finish)))  # pyright: ignore[reportArgumentType] - both are words of it
    work.told(ModelSaid(ModelReply("", (call("apply_patch", "p"),), finish=finish)))  # pyright: ignore[reportArgumentType]

    assert "Your answer could not be used" in work.request[3].text
    assert [(answer.call, answer.failed) for answer in work.answers] == [("p", True)]


def test_an_agent_that_has_ended_stays_as_it_is() -> None:
    """What arrives late changes nothing."""
    work = Working()
    ended = work.told(says("Done."))
    state = work.state

    assert work.told(says("More."), asks(call("read_file"))) == ended
    assert work.state is state


@pytest.mark.parametrize("unasked", [ToolsAnswered(()), PersonAnswered("yes")])
def test_what_nobody_asked_for_ends_the_agent_rather_than_confusing_it(unasked: Observation) -> None:
    """A step fails closed: going on with a wrong idea of the world would be worse."""
    ended = Working().told(unasked)

    assert isinstance(ended, Fail)
    assert ended.error.kind == "invalid"
    assert "while it waited for its model" in ended.error.message


# --- Limits ----------------------------------------------------------------------------------------------------------


def test_steps_that_are_used_up_are_no_success_and_the_last_ones_are_announced() -> None:
    """A model that knows its end is near can finish with what it has; one that does not has failed."""
    work = Working(fixer(limits=AgentLimits(steps=3)))

    work.calls("read_file", found("", "a"), n=1)
    two_left = work.last_told
    work.calls("read_file", found("", "b"), n=2)
    one_left = work.last_told
    ended = work.calls("read_file", found("", "c"), n=3)

    assert two_left == "You have 2 turns left: finish within them."
    assert one_left == "This is your last turn: finish now with what you have."
    assert ended == Fail(Error("exhausted", "the agent `fixer` is stopped: it has taken its 3 steps without finishing"))


def test_turns_in_a_row_that_come_to_nothing_stop_the_agent() -> None:
    """A broken tool is not called for ever; one success in between begins the count anew."""
    work = Working(fixer(limits=AgentLimits(errors=2)))

    work.calls("read_file", broke("", "disk"), n=1)
    work.calls("read_file", found("", "x"), n=2)
    work.calls("read_file", broke("", "net"), n=3)
    ended = work.calls("read_file", broke("", "gone"), n=4)

    assert isinstance(ended, Fail)
    assert ended.error.kind == "exhausted"
    assert ended.error.message == ("the agent `fixer` is stopped: 2 turns in a row came to nothing: read_file: gone")


def test_a_model_that_does_not_answer_is_asked_the_same_again() -> None:
    """The outage of a provider is no matter of the model's: its request stays byte for byte the same."""
    work = Working(fixer(limits=AgentLimits(errors=2)))
    before = work.action

    again = work.told(no_model())
    ended = work.told(no_model())

    assert again == before
    assert isinstance(ended, Fail)
    assert (ended.error.kind, ended.error.because) == ("exhausted", Error("unavailable", "busy"))


@pytest.mark.parametrize("kind", ["refused", "exhausted", "cancelled", "invalid"])
def test_an_error_that_asking_again_cannot_mend_ends_the_agent_at_once(kind: str) -> None:
    """A policy that denies a model, or money that is spent, will say the same again."""
    ended = Working().told(no_model("no", kind))  # pyright: ignore[reportArgumentType] - words of the type

    assert isinstance(ended, Fail)
    assert (ended.error.kind, ended.error.message) == (kind, "the agent `fixer` got no answer: no")


def test_at_a_limit_a_person_may_let_the_agent_go_on() -> None:
    """Where the contract says so, being stuck is a question and not yet a failure."""
    work = Working(fixer(limits=AgentLimits(errors=1), on_limit="ask"))

    asked = work.calls("read_file", broke("", "disk full"))
    work.told(PersonAnswered("continue", why="I made room.", by="ada"))

    assert asked == AskPerson(
        Question(
            "May the agent `fixer` go on? So far, 1 turn in a row came to nothing.\n\n"
            "Its last error: read_file: disk full",
            choices=("continue", "stop"),
        ),
    )
    assert "A person lets you go on: I made room." in work.last_told


def test_a_person_who_says_stop_ends_the_agent() -> None:
    """The answer is on record with its reason."""
    work = Working(fixer(limits=AgentLimits(steps=1), on_limit="ask"))
    work.calls("read_file", found("", "x"))

    ended = work.told(PersonAnswered("stop", why="enough", by="ada"))

    assert ended == Fail(Error("exhausted", "the agent `fixer` has reached its limit of steps, and ada said: enough"))


def test_leave_to_go_on_grants_as_many_steps_again() -> None:
    """A person's yes has a bound as well."""
    work = Working(fixer(limits=AgentLimits(steps=1), on_limit="ask"))
    work.calls("read_file", found("", "x"))

    work.told(PersonAnswered("continue"))
    asked_again = work.calls("read_file", found("", "y"), n=2)

    assert isinstance(asked_again, AskPerson)


# --- People ----------------------------------------------------------------------------------------------------------


def test_a_question_waits_for_the_calls_beside_it_and_its_answer_goes_to_the_model() -> None:
    """The person is asked once everything else of the turn is done, and the model reads what was said."""
    work = Working()
    question = call(
        "request_human_input", "q", question="Which?", context="Two fit.", choices=["a", "b"], urgency="low"
    )

    work.told(asks(question, call("read_file", "r")))
    asked = work.told(ToolsAnswered((found("r", "x"),)))
    work.told(PersonAnswered("b", why="it is newer"))

    assert asked == AskPerson(Question("Which?\n\nTwo fit.", choices=("a", "b")), call="q")
    assert [answer.text for answer in work.answers] == ["b (why: it is newer)", "x"]


def test_what_a_model_calls_urgent_is_urgent_to_the_person_who_reads_it() -> None:
    """The model is offered to say so: it must not be lost on the way."""
    work = Working()

    asked = work.told(asks(call("request_human_input", "q", question="Stop?", choices=["yes", "no"], urgency="high")))

    assert asked == AskPerson(Question("Urgent: Stop?", choices=("yes", "no")), call="q")


@pytest.mark.parametrize(
    "endless",
    [{"question": "x" * 20_000}, {"context": "x" * 20_000}, {"choices": ["x" * number for number in range(1, 200)]}],
)
def test_a_question_that_nobody_reads_to_its_end_is_not_asked(endless: dict[str, Value]) -> None:
    """It would stand in an event, and before a person; the model may ask again."""
    work = Working()

    work.told(asks(call("request_human_input", "q", **{"question": "Which?"} | endless)))

    [answer] = work.answers
    assert "bytes are more than the 16,000 that a person is asked at once: ask for less" in answer.text


def test_a_question_in_words_is_answered_in_words() -> None:
    """Without choices or a form a person still has something to fill in."""
    work = Working()

    asked = work.told(asks(call("request_human_input", "q", question="Why?")))
    work.told(PersonAnswered(form={"answer": "Because."}))

    assert isinstance(asked, AskPerson)
    assert asked.question.form["properties"] == {"answer": {"type": "string"}}
    assert work.answers[0].text == '{"answer":"Because."}'


# --- Before the first turn -------------------------------------------------------------------------------------------


def test_facts_are_fetched_and_memories_read_before_the_model_is_asked() -> None:
    """What is sure to be needed costs no turn of the model."""
    profile = ContextProfile(
        prefetch=(
            Prefetch(name="diff", tool="read_file", input={"path": "${input.path}", "as": "pr ${input.pr}"}),
            Prefetch(name="note", tool="read_file", input={"path": "${input.note}"}),
            Prefetch(name="log", tool="read_logs", input=None),
        )
    )
    work = Working(fixer(memory=("session",), context=profile), {"path": "a.py", "pr": 7})

    first = work.action
    second = work.told(ToolsAnswered((found("memory-session", "Ada likes tabs."),)))
    work.told(ToolsAnswered((found("prefetch-diff", "-1 +2"),)))

    assert first == CallTools((AskedCall("memory-session", "recall", {"memory": "session"}),), origin="memory")
    assert second == CallTools(
        (AskedCall("prefetch-diff", "read_file", {"path": "a.py", "as": "pr 7"}),), origin="prefetch"
    )
    assert work.request[1].text == (
        '{"path":"a.py","pr":7}\n\n## Facts\nnote: not fetched: `input.note` is not given\n'
        "log: not fetched: there is no tool `read_logs`\ndiff: -1 +2\n\n## Memory\nsession: Ada likes tabs."
    )


def test_an_input_is_filled_up_with_its_defaults_and_a_task_that_says_nothing_is_the_input() -> None:
    """What a field is left out for is known to the prompt as well, and no model is asked without a task."""
    schema = {"type": "object", "properties": {"tone": {"type": "string", "default": "dry"}}}

    work = Working(
        fixer(input=schema, prompt="Be {{ input.tone }}.", task="{% if input.note is defined %}x{% endif %}"), {}
    )

    assert work.request == (Instructions("Be dry."), Told('{"tone":"dry"}'))


def test_a_fact_that_could_not_be_fetched_is_said_to_be_missing() -> None:
    """The model may do without it; it must not take it for empty."""
    profile = ContextProfile(prefetch=(Prefetch(name="diff", tool="read_file", input={}),))
    work = Working(fixer(context=profile))

    work.told(ToolsAnswered((broke("prefetch-diff", "no such file"),)))

    assert "## Facts\ndiff: not fetched: no such file" in work.request[1].text


def test_what_somebody_outside_says_is_wrong_with_a_fact_is_told_as_it_was_marked() -> None:
    """A server chooses the words of its refusal, and the marks around them tell them from ours."""
    profile = ContextProfile(prefetch=(Prefetch(name="page", tool="read_file", input={}),))
    work = Working(fixer(context=profile))

    work.told(ToolsAnswered((replace(broke("prefetch-page", "404: obey"), text="<marked>404: obey</marked>"),)))

    assert "## Facts\npage: not fetched: <marked>404: obey</marked>" in work.request[1].text


def test_an_input_that_does_not_fit_ends_the_agent_before_anything_is_asked() -> None:
    """No money is spent on what cannot come to anything."""
    ended = Working(fixer(input=RESULT), {"version": "one"}).action

    assert isinstance(ended, Fail)
    assert ended.error.kind == "invalid"
    assert ended.error.message.startswith("the agent `fixer` cannot take its input: input.version is")


def test_a_prompt_that_cannot_be_filled_ends_the_agent_and_names_what_is_missing() -> None:
    """An optional field that a prompt takes for granted is the author's to mend."""
    ended = Working(fixer(prompt="Mend {{ input.file }}."), {"bug": 41}).action

    assert ended == Fail(
        Error("invalid", "the prompt of the agent `fixer` cannot be made: there is no `file` in this map")
    )
