"""`interlock graph …`: graphs as people write them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import jsonschema_rs
import pytest

from interlock.authoring.yaml_document import read_document
from tests.cli.command_line import CommandLine


def test_all_graphs_of_the_project_are_checked(interlock: CommandLine) -> None:
    """Before a commit one wants to know of all of them."""
    interlock.graph("good", "a: {value: 1}")
    interlock.graph("bad", "a: {valu: 1}")

    said = interlock("graph", "check", "--json")

    assert said.code == 2
    assert [(graph["graph"], graph["valid"]) for graph in said.json["graphs"]] == [("bad", False), ("good", True)]


def test_graphs_are_listed_with_where_they_come_from(interlock: CommandLine) -> None:
    """Who meets a name must see whether it is of the project, and a file that is broken is there as well."""
    interlock.write("graphs/mine.yaml", "graph: content_review\ndescription: Mine.\nnodes: {a: {value: 1}}\n")
    interlock.write("graphs/broken.yaml", "graph: [")

    said = interlock("graph", "list", "--json")

    assert [(each["graph"], each["source"], each["description"][:5]) for each in said.json["graphs"]] == [
        ("broken", "project", ""),
        ("content_review", "project", "Mine."),
        ("delivery", "packaged", "Say w"),
        ("git-to-prod-multi", "packaged", "Fix a"),
        ("research_assessment", "packaged", "Find "),
    ]
    assert "packaged" in interlock("graph", "list").out


def test_a_project_without_graphs_is_told_where_they_go(interlock: CommandLine) -> None:
    """An empty table would leave one wondering."""
    interlock.write("interlock.toml", "packaged = false\n")

    assert interlock("graph", "list").out == "no graphs: put some into the folder `graphs`\n"


@pytest.mark.parametrize("words", [("check",), ("show", "hello")])
def test_graphs_are_looked_at_where_nothing_may_be_written(interlock: CommandLine, words: tuple[str, ...]) -> None:
    """A check is made in places where nothing is ever run; a store is made when something is."""
    interlock.graph("hello", "a: {value: 1}")

    said = interlock("graph", *words)

    assert (said.code, said.err) == (0, "")
    assert not (interlock.folder / ".interlock").exists()


def test_a_problem_is_told_with_its_line_and_a_caret(interlock: CommandLine) -> None:
    """The place is pointed at, since a line alone is searched through."""
    interlock.graph("bad", "a: {value: 1}\nb: {valu: 1}")

    said = interlock("graph", "check", "bad")

    assert said.code == 2
    assert said.out.splitlines()[0].startswith("graphs/bad.yaml:5:7: error: ")
    assert said.out.splitlines()[1:3] == ["    5 |   b: {valu: 1}", "      |       ^^^^"]


def test_a_problem_has_its_place_for_programs(interlock: CommandLine) -> None:
    """An editor underlines by line and column."""
    interlock.graph("bad", "a: {tool: gret}")

    [problem] = interlock("graph", "check", "bad", "--json").json["graphs"][0]["problems"]

    assert (problem["file"], problem["line"], problem["column"]) == ("graphs/bad.yaml", 4, 13)


def test_an_unknown_graph_suggests_the_nearest(interlock: CommandLine) -> None:
    """A typing error in a name is the likely case."""
    interlock.graph("hello", "a: {value: 1}")

    said = interlock("graph", "show", "helo")

    assert said.code == 2
    assert "did you mean hello?" in said.err


def test_a_graph_that_is_not_there_hides_nothing_of_the_others(interlock: CommandLine) -> None:
    """A pipeline names many files; one that was moved away is one more problem, and not the only one."""
    interlock.graph("hello", "a: {value: 1}")
    interlock.graph("bad", "a: {valu: 1}")

    said = interlock("graph", "check", "hello", "helo", "missing.yaml", "bad")
    graphs = interlock("graph", "check", "hello", "missing.yaml", "--json").json["graphs"]

    assert said.code == 2
    assert "\u2713 hello: 1 node" in said.out
    assert "helo: error: there is no graph named helo; did you mean hello?" in said.out
    assert "missing.yaml: error: the graph missing.yaml cannot be read: No such file or directory" in said.out
    assert "graphs/bad.yaml:4:7: error: " in said.out
    assert [(graph["graph"], graph["valid"]) for graph in graphs] == [("hello", True), ("missing.yaml", False)]


def test_formatting_checks_without_writing(interlock: CommandLine) -> None:
    """In a pipeline the answer is the exit code, and the file is left alone."""
    file = interlock.write("graphs/x.yaml", "graph:   x\nlanguage: 1\nnodes:\n     a: {value: 1}\n")

    said = interlock("graph", "fmt", "--check", str(file))

    assert said.code == 1
    assert "x.yaml: is not formatted" in said.out
    assert file.read_text(encoding="utf-8").startswith("graph:   x")


def test_formatting_writes_what_it_prints(interlock: CommandLine) -> None:
    """What one has looked at is what one gets; a second time changes nothing."""
    file = interlock.write("graphs/x.yaml", "graph:   x\nlanguage: 1\nnodes:\n     a: {value: 1} # why\n")
    printed = interlock("graph", "fmt", str(file)).out

    interlock("graph", "fmt", "--write", str(file))

    assert file.read_text(encoding="utf-8") == printed
    assert "# why" in printed
    assert interlock("graph", "fmt", "--check", str(file)).code == 0


def test_what_was_formatted_is_told_also_where_a_later_file_is_missing(interlock: CommandLine) -> None:
    """Who does not know which files were written looks through all of them."""
    file = interlock.write("graphs/x.yaml", "graph: x\nlanguage: 1\nnodes:\n     a: {value: 1}\n")

    said = interlock("graph", "fmt", "--write", str(file), "missing.yaml")

    assert (said.code, said.out) == (2, f"{file}: formatted\n")
    assert "missing.yaml cannot be read" in said.err


def test_a_file_that_is_not_there_is_told(interlock: CommandLine) -> None:
    """No traceback for a misspelt file."""
    said = interlock("graph", "fmt", "missing.yaml")

    assert said.code == 2
    assert "missing.yaml cannot be read: No such file or directory" in said.err


def test_a_graph_is_drawn_as_lines_mermaid_and_svg(interlock: CommandLine) -> None:
    """On the screen, in a wiki and on a page: each draws the same."""
    interlock.graph("hello", "a: {value: 1}\nb: {tool: greet, input: {name: Ada}, after: a}")

    lines, mermaid, svg = (
        interlock("graph", "show", "hello", "--format", how).out for how in ("terminal", "mermaid", "svg")
    )

    assert lines == "a  value\nb  tool greet  ← a\n"
    assert mermaid.startswith("flowchart TB\n")
    assert svg.startswith("<svg ")


def test_a_way_to_draw_that_is_none_is_told(interlock: CommandLine) -> None:
    """The three that there are stand in the answer."""
    interlock.graph("hello", "a: {value: 1}")

    said = interlock("graph", "show", "hello", "--format", "png")

    assert said.code == 2
    assert "use terminal, mermaid or svg" in said.err


def test_a_graph_with_problems_is_not_drawn_but_told(interlock: CommandLine) -> None:
    """A drawing of half a graph would mislead."""
    interlock.graph("bad", "a: {valu: 1}")

    said = interlock("graph", "show", "bad")

    assert (said.code, said.out) == (2, "")
    assert "graphs/bad.yaml:4:7" in said.err


def test_the_schema_of_the_language_accepts_what_the_compiler_accepts(interlock: CommandLine) -> None:
    """An editor that underlines a good graph is switched off."""
    interlock.graph("hello", "a: {value: 1}\nb: {tool: greet, input: {name: Ada}, after: [a], retry: {attempts: 2}}")
    graph = read_document((interlock.folder / "graphs/hello.yaml").read_bytes()).data

    schema = interlock("graph", "schema").json

    assert list(jsonschema_rs.validator_for(schema).iter_errors(graph)) == []
    assert not jsonschema_rs.is_valid(schema, {"graph": "x", "nodes": {"a": {"valu": 1}}})


@pytest.mark.parametrize("words", [("check",), ("show",), ("fmt",)])
@pytest.mark.parametrize("name", ["pipe.yaml", "zeros.yaml"])
def test_what_has_no_end_is_not_read(interlock: CommandLine, words: tuple[str, ...], name: str) -> None:
    """A pipe would be waited for, and a device would fill the memory: neither says anything of its own accord."""
    os.mkfifo("pipe.yaml")
    Path("zeros.yaml").symlink_to("/dev/zero")

    said = interlock("graph", *words, name)

    assert said.code == 2
    assert f"{name} cannot be read: it is not a file but a pipe or a device" in said.out + said.err


def test_only_the_graphs_of_a_folder_are_looked_at(interlock: CommandLine) -> None:
    """An editor leaves locks and folders beside them; a graph must not become unknown because its file is open."""
    interlock.graph("hello", "a: {value: 1}")
    Path("graphs/.#hello.yaml").symlink_to("nobody@nowhere.1:2")
    Path("graphs/gone.yaml").symlink_to("nowhere")
    Path("graphs/folder.yaml").mkdir()
    os.mkfifo("graphs/pipe.yaml")

    assert interlock("run", "hello").code == 0
    assert [graph["graph"] for graph in interlock("graph", "check", "--json").json["graphs"]] == ["hello"]


def test_a_text_that_is_too_long_is_not_formatted(interlock: CommandLine) -> None:
    """Nobody can read it, and it would be read again and compared."""
    interlock.write("long.yaml", "#" * (8 * 1024 * 1024) + "é")

    said = interlock("graph", "fmt", "long.yaml")

    assert said.code == 2
    assert "long.yaml has more than 8,388,608 bytes" in said.err


def test_many_graphs_are_checked_in_the_time_of_reading_them(interlock: CommandLine) -> None:
    """A folder that was read anew for each of its graphs took the square of their number: for a thousand, an hour."""
    for number in range(300):
        interlock.graph(f"g{number}", f"a: {{graph: g{number + 1}}}" if number % 3 else "a: {value: 1}")

    begun = time.process_time()
    said = interlock("graph", "check", "--json")

    assert len(said.json["graphs"]) == 300
    assert time.process_time() - begun < 5
