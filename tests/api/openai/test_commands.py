"""Commands in a chat, read from what a person writes."""

from __future__ import annotations

import pytest

from interlock.api.openai.choosing_flows import Flow, ScoredFlow, named_flow, scored_flows
from interlock.api.openai.commands import (
    USAGES,
    AnswerRun,
    AskAgent,
    CallTool,
    Command,
    Discover,
    FlowStatus,
    FlowWait,
    Misspelt,
    Queue,
    RunFlow,
    parse_command,
)

FLOWS = [
    Flow("research_assessment", "Research a topic and assess what was found."),
    Flow("content_review", "Review a text until it is approved."),
    Flow("release", "Release a version."),
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "@flow research_assessment quantum computing",
            RunFlow("research_assessment quantum computing"),
        ),
        ("@flow status r1", FlowStatus("r1")),
        ("@flow wait r1", FlowWait("r1")),
        ("@flow status of the build, please", RunFlow("status of the build, please")),
        ("@agent research gather solar panel information", AskAgent("research", "gather solar panel information")),
        ('@tool web_search {"query": "rails"}', CallTool("web_search", '{"query": "rails"}')),
        ("@tool now", CallTool("now", "")),
        ("@discover", Discover(None)),
        ("@discover Workflows", Discover("workflows")),
        ("@queue flow release 1.2", Queue(RunFlow("release 1.2"))),
        ("@queue @agent research rails", Queue(AskAgent("research", "rails"))),
        ("@queue release 1.2", Queue(RunFlow("release 1.2"))),
        ("  @FLOW\nrelease\n1.2 ", RunFlow("release\n1.2")),
        ("@answer r1 release", AnswerRun("r1", "release")),
        ("@answer r1", Misspelt(USAGES["@answer"])),
        ("@agent research", Misspelt(USAGES["@agent"])),
        ("@discover elephants", Misspelt(USAGES["@discover"])),
        ("@queue", Misspelt(USAGES["@queue"])),
        ("@flow", Misspelt(USAGES["@flow"])),
    ],
)
def test_a_command_is_read(text: str, meant: Command) -> None:
    """The words are those that Open WebUI's users of the Orchestration Platform know."""
    assert parse_command(text) == meant


@pytest.mark.parametrize("text", ["", "hello", "@somebody hello", "mail me @flow", "@flowers are nice"])
def test_anything_else_is_no_command(text: str) -> None:
    """What is meant for a model reaches it, also when it begins with an at sign."""
    assert parse_command(text) is None


def test_a_graph_is_chosen_by_the_words_of_its_name_and_description() -> None:
    """The name counts more than the description, and a word counts once."""
    assert scored_flows("please review this text for the release", FLOWS) == [
        ScoredFlow("content_review", 4),
        ScoredFlow("release", 3),
    ]


def test_the_choice_is_the_same_in_whatever_order_graphs_are_found() -> None:
    """Nobody could trust a choice that depends on the order of files."""
    equals = [Flow("b", "build it"), Flow("a", "build it")]

    assert [each.name for each in scored_flows("build it", equals)] == ["a", "b"]
    assert scored_flows("build it", equals[::-1]) == scored_flows("build it", equals)


def test_words_that_fit_nothing_choose_nothing() -> None:
    """A guess would run something that nobody asked for."""
    assert scored_flows("quantum elephants", FLOWS) == []


def test_the_first_word_names_a_graph_if_there_is_one_of_that_name() -> None:
    """Who names a graph wants that one, whatever else fits better."""
    assert named_flow("release the content review", FLOWS) == ("release", "the content review")
    assert named_flow("releases are nice", FLOWS) is None
