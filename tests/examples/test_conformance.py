"""The graphs that are shipped to show what the factors mean: each breaks the one that its folder names, no other."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from interlock.cli.conforming_elsewhere import subject_of
from interlock.engine.conformance.checking import check_conformance
from interlock.engine.conformance.factors import FACTORS
from interlock.engine.conformance.moving_checks import Elsewhere, Moved, from_the_beginning, go_on_with
from tests.cli.command_line import CommandLine

EXAMPLES = Path(__file__).parents[2] / "examples" / "conformance"
BREAKING = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.name[0].isdigit())
NEEDS_ANOTHER_HASH_SEED = "12-reducer"


@pytest.fixture
def interlock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    """The command line; what project it stands in is said by each test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return CommandLine(tmp_path, capsys)


def loaded_anew(moved: Moved) -> Elsewhere:
    """What other processes do, done here with the project loaded anew: quicker, and with the same hash seed."""
    return Elsewhere(
        moved=moved,
        came_of=go_on_with(subject_of("ask", []), moved),
        from_the_beginning=from_the_beginning(subject_of("ask", [])),
    )


def test_there_is_one_for_every_factor() -> None:
    """A rule of which nobody has seen the breach is not known to be checked."""
    assert [int(name[:2]) for name in BREAKING] == [factor.number for factor in FACTORS]


@pytest.mark.parametrize("name", [each for each in BREAKING if each != NEEDS_ANOTHER_HASH_SEED])
def test_a_graph_breaks_the_factor_that_its_folder_names_and_no_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads the example sees what is meant, and nothing else."""
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / name)

    findings = check_conformance(subject_of("ask", []), loaded_anew)

    broken = [finding for finding in findings if finding.verdict == "broken"]
    assert [finding.factor for finding in findings] == [factor.number for factor in FACTORS]
    assert [finding.factor for finding in broken] == [int(name[:2])]
    assert broken[0].evidence
    assert broken[0].advice


@pytest.mark.parametrize("name", [NEEDS_ANOTHER_HASH_SEED, "05-one-state"])
def test_the_command_names_what_only_another_process_shows(
    name: str, interlock: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real processes, with hash seeds of their own: the order of a set, and a module that starts from nothing."""
    shutil.copytree(EXAMPLES / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / name)

    said = interlock("conformance", "ask", "--json")

    assert (said.code, said.json["conforms"]) == (1, False)
    assert [each["factor"] for each in said.json["factors"] if each["verdict"] == "broken"] == [int(name[:2])]


def test_the_graph_that_breaks_nothing_is_said_to(
    interlock: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All thirteen hold: none of them only because nothing was there to be judged."""
    shutil.copytree(EXAMPLES / "holds", tmp_path / "holds")
    monkeypatch.chdir(tmp_path / "holds")

    said = interlock("conformance", "ask", "--json")

    assert (said.code, said.json["graph"], said.json["conforms"]) == (0, "ask", True)
    assert [each["verdict"] for each in said.json["factors"]] == ["holds"] * len(FACTORS)
    assert all(each["evidence"] for each in said.json["factors"])
