"""A new project, and the settings that are in force in one."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine


def test_a_new_project_runs_as_it_is(interlock: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first minutes decide: what was made is checked, run, and its own test passes."""
    made = interlock("init", "new")
    monkeypatch.chdir(interlock.folder / "new")

    checked, ran = interlock("graph", "check"), interlock("run", "hello", "-i", "name=Ada", "--json")
    test = runpy.run_path("tests/test_hello.py")["test_hello_greets_by_name"]

    assert (made.code, checked.code, ran.code) == (0, 0, 0)
    assert ran.json["outputs"] == {"text": "Hello Ada!"}
    test()
    assert "interlock run hello" in made.out


def test_the_new_project_shows_a_question_where_a_person_is_wanted(
    interlock: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scaffold has a person in it, since that is what one comes for."""
    interlock("init", "new")
    monkeypatch.chdir(interlock.folder / "new")

    assert interlock("run", "hello", "-i", "name=King").code == 3


def test_a_project_is_never_made_over_another(interlock: CommandLine) -> None:
    """A second `init` by mistake must not cost anybody their graph."""
    interlock.write("graphs/hello.yaml", "mine")

    said = interlock("init")

    assert said.code == 2
    assert "nothing was written: interlock.toml, graphs/hello.yaml" in said.err
    assert (interlock.folder / "graphs/hello.yaml").read_text(encoding="utf-8") == "mine"
    assert not (interlock.folder / "tests").exists()


def test_a_folder_that_cannot_be_made_is_told(interlock: CommandLine) -> None:
    """A file stands where the folder would be."""
    interlock.write("taken", "")

    said = interlock("init", "taken/new")

    assert said.code == 1
    assert "Not a directory" in said.err
    assert "Errno" not in said.err


def test_a_project_is_not_made_of_a_file(interlock: CommandLine) -> None:
    """A slip of completion: the name of a file instead of a folder's."""
    interlock.write("notes.txt", "mine")

    said = interlock("init", "notes.txt")

    assert (said.code, said.err) == (2, "error: notes.txt is a file, and a project is a folder: name another\n")


def test_config_tells_where_each_setting_comes_from(interlock: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """`why is it using that store?` is answered by the line that says so."""
    interlock.write("interlock.toml", '\ngraphs = "mine"\n')
    monkeypatch.setenv("INTERLOCK_LIMITS_NODES_MAX", "5")

    settings = interlock("config", "--store", "here.db", "--json").json["settings"]

    assert settings["graphs"]["where"] == f"{interlock.folder}/interlock.toml:2"
    assert settings["limits.nodes_max"] == {"value": 5, "source": "environment", "where": "INTERLOCK_LIMITS_NODES_MAX"}
    assert settings["store"] == {"value": str(Path.cwd() / "here.db"), "source": "flag", "where": "--store"}
    assert settings["limits.depth"]["source"] == "default"


def test_a_setting_that_says_nothing_is_shown_as_in_the_reference(interlock: CommandLine) -> None:
    """`None` is a word of Python's, and would be taken for one that can be written."""
    said = interlock("config")

    assert [line.split()[1] for line in said.out.splitlines() if line.startswith("retention.")] == ["-", "-"]
    assert "None" not in said.out


def test_settings_that_cannot_be_used_are_all_told(interlock: CommandLine) -> None:
    """Two mistakes are mended in one go."""
    interlock.write("interlock.toml", 'graphz = "mine"\n[limits]\nnodes_max = -1\n')

    said = interlock("config")

    assert said.code == 2
    assert "interlock.toml:1: `graphz` is no setting; did you mean `graphs`?" in said.err
    assert "interlock.toml:3: `limits.nodes_max`" in said.err
