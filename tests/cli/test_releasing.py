"""`release`, `releases` and what a graph's name means to `run`."""

from __future__ import annotations

from tests.cli.command_line import CommandLine


def says(interlock: CommandLine, text: str) -> None:
    """The project's graph gives this text, from now on."""
    interlock.graph("hello", f"greet: {{value: {text}}}")


def test_a_name_means_the_released_version_until_another_is_released(interlock: CommandLine) -> None:
    """Who edits a graph changes nothing for those who run it, before somebody says that it is to be so."""
    says(interlock, "one")
    interlock("release", "hello", "--by", "ada", "--why", "first")
    says(interlock, "two")

    before = interlock("run", "hello", "--json").json
    interlock("release", "hello")
    after = interlock("run", "hello", "--json").json

    assert (before["outputs"], before["version"]) == ({"greet": "one"}, "version 1")
    assert (after["outputs"], after["version"]) == ({"greet": "two"}, "version 2")


def test_a_file_and_the_word_draft_mean_the_graph_as_it_is_written_now(interlock: CommandLine) -> None:
    """What is not released yet has to be tried, and a run says that it was only that."""
    says(interlock, "one")
    interlock("release", "hello")
    says(interlock, "two")

    by_file = interlock("run", "graphs/hello.yaml")
    by_word = interlock("run", "hello", "--draft", "--json").json

    assert "of graph hello, draft" in by_file.out
    assert (by_word["outputs"], by_word["version"]) == ({"greet": "two"}, "draft")


def test_a_graph_that_was_never_released_is_run_as_it_is_and_nothing_is_said_of_versions(
    interlock: CommandLine,
) -> None:
    """Whoever does not release anything need not learn the word."""
    says(interlock, "one")

    said = interlock("run", "hello", "--json").json

    assert "version" not in said


def test_going_back_is_a_version_of_its_own_and_says_who_and_why(interlock: CommandLine) -> None:
    """A history that is rewritten proves nothing: what was in force, and when, has to stay visible."""
    says(interlock, "one")
    interlock("release", "hello", "--by", "ada", "--why", "first")
    says(interlock, "two")
    interlock("release", "hello", "--by", "ada", "--why", "better")

    back = interlock("release", "hello", "--back", "--by", "bob", "--why", "it was not")

    listed = interlock("releases", "hello", "--json").json["releases"]
    assert back.out == "hello is back at version 1, as version 3\n"
    assert [(each["version"], each["back_to"], each["by"], each["why"], each["in_force"]) for each in listed] == [
        (3, 1, "bob", "it was not", True),
        (2, None, "ada", "better", False),
        (1, None, "ada", "first", False),
    ]
    assert interlock("run", "hello", "--json").json["outputs"] == {"greet": "one"}


def test_going_back_before_the_first_version_is_refused(interlock: CommandLine) -> None:
    """There is nothing there, and the name must go on meaning something."""
    says(interlock, "one")
    interlock("release", "hello")

    said = interlock("release", "hello", "--back")

    assert (said.code, said.err) == (
        2,
        "error: there is no version of hello before version 1: it is the first that was released\n",
    )


def test_releasing_what_is_in_force_changes_nothing(interlock: CommandLine) -> None:
    """A pipeline releases at every push, and most of them do not touch the graph."""
    says(interlock, "one")
    interlock("release", "hello")

    said = interlock("release", "hello")

    assert said.out == "hello is in force already as version 1\n"
    assert len(interlock("releases", "--json").json["releases"]) == 1


def test_a_graph_with_problems_is_not_released(interlock: CommandLine) -> None:
    """Its name goes on meaning what it meant."""
    says(interlock, "one")
    interlock("release", "hello")
    interlock.graph("hello", "greet: {tool: gret}")

    said = interlock("release", "hello")

    assert (said.code, "there is no tool `gret`" in said.err) == (2, True)
    assert interlock("run", "hello").code == 0


def test_what_was_released_is_listed_in_lines(interlock: CommandLine) -> None:
    """The question behind it: what is in force, since when, and who did that."""
    says(interlock, "one")
    interlock("release", "hello", "--by", "ada", "--why", "first")

    line = interlock("releases").out.splitlines()[1]

    assert line.split()[:4] == ["hello", "1", "in", "force"]
    assert line.endswith("ada  first")
