"""Stories of tools that say themselves how they are taken back, for nodes and for the calls of agents."""

from __future__ import annotations

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from interlock.core.plan import ToolContract, ToolTerms
from interlock.core.values import Value
from tests.stories.graphs import TOOLS, compiled
from tests.stories.story import Story

COMMIT = ToolContract(
    name="commit",
    effect="idempotent",
    input={"type": "object", "properties": {"message": {"type": "string"}, "branch": {"type": "string"}}},
    output={"type": "object", "properties": {"id": {"type": "string"}}},
    terms=ToolTerms(undo="uncommit"),
)
UNCOMMIT = ToolContract(
    name="uncommit",
    effect="idempotent",
    input={
        "type": "object",
        "properties": {"id": {"type": "string"}, "branch": {"type": "string"}, "why": {"type": "string"}},
        "required": ["id", "branch"],
    },
)
WRITER = AgentContract(name="writer", tools=("commit", "pay"))


def story(text: str) -> Story:
    """A run with a tool that says how it is taken back."""
    plan = compiled(text, tools=(*TOOLS, COMMIT, UNCOMMIT), agents=(WRITER,))
    return Story.of(plan).starts()


def commits(run: Story, ordinal: int, branch: str | None, *, id: str = "c1") -> Story:
    """The agent makes a commit, and it is done."""
    given: Value = {"message": "m"} if branch is None else {"message": "m", "branch": branch}
    intended = e.EffectIntended(
        ordinal, f"fix.{ordinal}", "commit", effect_class="idempotent", kind="tool", input=given
    )
    done = e.EffectDone(ordinal, f"fix.{ordinal}", {"id": id})
    for step in (intended, done):
        run.receives(r.StepNoted(path="fix", step=step))
    return run


def undone(run: Story) -> list[tuple[str, str, Value]]:
    """What is taken back: where, by which tool, with what."""
    bodies = [(event.path, event.body) for event in run.log if isinstance(event.body, e.UndoStarted)]
    return [(path, body.tool, body.input) for path, body in bodies]


CALLS = """
on_failure: rollback
nodes: {fix: {agent: writer}, next: {tool: work, after: fix}}
"""


def test_what_an_agent_did_is_taken_back_with_what_it_gave_and_was_given() -> None:
    """The author of a graph cannot know what an agent will call; the tool knows how it is undone."""
    run = commits(commits(story(CALLS), 1, "main"), 2, "side", id="c2").does("fix")

    run.fails("next").undoes("fix.2").undoes("fix.1")

    assert undone(run) == [
        ("fix.2!undo", "uncommit", {"branch": "side", "id": "c2"}),
        ("fix.1!undo", "uncommit", {"branch": "main", "id": "c1"}),
    ]
    assert run.outcome.status == "rolled_back"


def test_what_an_agent_did_before_it_failed_is_taken_back_too() -> None:
    """It happened, whatever became of the agent."""
    run = commits(story(CALLS), 1, "main")

    run.fails("fix", "no_progress").undoes("fix.1")

    assert [path for path, _, _ in undone(run)] == ["fix.1!undo"]


def test_a_call_whose_undo_lacks_what_it_needs_is_named_as_not_undone() -> None:
    """Nobody is told that all was taken back when it was not."""
    run = commits(story(CALLS), 1, None).does("fix").fails("next")

    assert (run.outcome.status, run.outcome.not_undone) == ("failed", ("fix.1",))


def test_a_call_without_an_undo_is_named_as_standing() -> None:
    """What an agent paid stays paid, and whoever reads the end of the run is told so."""
    run = story(CALLS).intends("fix", 1)
    paid = e.EffectIntended(2, "fix.2", "pay", effect_class="once", kind="tool", input={})
    run.has_done("fix", 1).receives(r.StepNoted(path="fix", step=paid)).has_done("fix", 2).does("fix").fails("next")

    assert (run.outcome.status, run.outcome.left_standing) == ("rolled_back", ("fix.2",))


def test_the_undo_of_the_agents_node_replaces_those_inside() -> None:
    """As with any node that holds others: its author says how the whole is taken back."""
    text = """
    on_failure: rollback
    nodes: {fix: {agent: writer, undo: {tool: unpay}}, next: {tool: work, after: fix}}
    """
    run = commits(story(text), 1, "main").does("fix").fails("next")

    assert undone(run) == [("fix!undo", "unpay", {})]


def test_a_node_is_taken_back_as_its_tool_says() -> None:
    """Nothing has to be written for what the tool knows itself."""
    text = """
    on_failure: rollback
    nodes:
      save: {tool: commit, input: {message: m, branch: main}}
      next: {tool: work, after: save}
    """
    run = story(text).does("save", {"id": "c7"}).fails("next")

    assert undone(run) == [("save!undo", "uncommit", {"branch": "main", "id": "c7"})]


def test_a_node_that_lacks_what_its_tools_undo_needs_has_none() -> None:
    """It is left standing, and said to be."""
    text = """
    on_failure: rollback
    nodes: {save: {tool: commit, input: {message: m}}, next: {tool: work, after: save}}
    """
    run = story(text).does("save", {"id": "c7"}).fails("next")

    assert (undone(run), run.outcome.left_standing) == ([], ("save",))
