"""Runs as signed files on the command line: `export`, `import`, `signer`."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from tests.cli.command_line import CommandLine

ASK = 'ask: {human: "Release?", choices: [release, reject]}\n'


def exported(interlock: CommandLine, graph: str = "ask") -> str:
    """The id of a new run that was written into a file."""
    interlock.graph(graph, ASK)
    run = interlock.started(graph)
    assert interlock("export", run).code == 0
    return run


def fingerprint(interlock: CommandLine) -> str:
    """With which key this installation signs."""
    name: str = interlock("signer", "--json").json["fingerprint"]
    return name


def test_a_run_is_written_beside_whoever_asks(interlock: CommandLine) -> None:
    """One command, and any archiver shows what is in it."""
    interlock.graph("ask", ASK)
    run = interlock.started("ask")

    said = interlock("export", run)

    assert said.out == (
        f"{run}.run.tar holds run {run} of graph ask, unfinished, with 2 events and 0 large values\n"
        f"  signed by {fingerprint(interlock)}\n"
    )
    with tarfile.open(interlock.folder / f"{run}.run.tar") as archive:
        assert archive.getnames()[:2] == ["README.txt", "events/0000000001.msgpack"]
    assert sorted(file.name for file in interlock.folder.glob("*.part")) == []


def test_a_program_is_told_what_the_file_holds(interlock: CommandLine) -> None:
    """It keeps the hash of the last header, by which the whole log can be held later."""
    interlock.graph("ask", ASK)
    run = interlock.started("ask")

    told = interlock("export", run, "-o", "monday.tar", "--json").json
    verified = interlock("import", "monday.tar", "--verify-only", "--json").json

    assert told["bytes"] == (interlock.folder / "monday.tar").stat().st_size
    assert told["signer"] == fingerprint(interlock)
    same = {name: told[name] for name in ("run", "tenant", "graph", "status", "events", "erased", "blobs", "head")}
    assert verified == same | {"signers": [told["signer"]], "trusted": [], "kept": False}


def test_nothing_is_written_over_and_nothing_half_is_left(interlock: CommandLine, tmp_path: Path) -> None:
    """What stands there may be the only copy of something."""
    run = exported(interlock)
    before = (tmp_path / f"{run}.run.tar").read_bytes()
    (tmp_path / "later.tar.part").write_text("somebody writes")

    assert f"{run}.run.tar is there already: nothing is written over" in interlock("export", run).err
    assert "later.tar.part is there already" in interlock("export", run, "-o", "later.tar").err
    assert "the folder nowhere does not exist" in interlock("export", run, "-o", "nowhere/a.tar").err
    assert (tmp_path / f"{run}.run.tar").read_bytes() == before
    assert (tmp_path / "later.tar.part").read_text() == "somebody writes"


def test_a_run_that_cannot_be_exported_leaves_no_file(interlock: CommandLine) -> None:
    """Half a file would look like one that was cut off on the way."""
    interlock.graph("ask", ASK)
    interlock.started("ask")

    said = interlock("export", "no-such-run", "-o", "a.tar")

    assert (said.code, "there is no run no-such-run" in said.err) == (2, True)
    assert sorted(file.name for file in interlock.folder.glob("a.tar*")) == []


def test_a_file_is_kept_elsewhere_once(interlock: CommandLine) -> None:
    """Whoever is not sure whether it was imported imports it again."""
    run = exported(interlock)
    signer = fingerprint(interlock)

    first = interlock("import", f"{run}.run.tar", "--store", "other.db", "--by", "ann")
    again = interlock("import", f"{run}.run.tar", "--store", "other.db")
    trusted = interlock("import", f"{run}.run.tar", "--store", "other.db", "--trust", signer, "--json").json

    assert first.out == (
        f"kept run {run} of graph ask, unfinished, with 2 events and 0 large values, all as it was signed\n"
        f"  signed by {signer}\n"
        "  that says nothing of who it is: compare the fingerprint with theirs, then give it as --trust\n"
    )
    assert again.out.startswith(f"run {run} is here already, with its 2 events: nothing was changed\n")
    assert (trusted["kept"], trusted["events_added"], trusted["trusted"]) == (True, 0, [signer])


def test_an_imported_run_says_where_it_came_from_and_offers_nothing(interlock: CommandLine) -> None:
    """Who would answer it here would answer nobody."""
    run = exported(interlock)
    interlock("import", f"{run}.run.tar", "--store", "other.db", "--by", "ann")

    shown = interlock("show", run, "--store", "other.db")
    listed = interlock("runs", "--store", "other.db")
    answered = interlock("answer", f"{run}:ask", "--choose", "release", "--store", "other.db")
    replayed = interlock("replay", run, "--store", "other.db", "--json").json

    assert " by ann from tenant local of another installation: nothing moves it on here" in shown.out
    assert "nobody had said whose key that is" in shown.out
    assert "next:" not in shown.out
    assert "imported from local" in listed.out
    assert f"run {run} was imported" in answered.err
    assert (answered.code, replayed["verdict"]) == (1, "same")


def test_a_program_is_told_where_a_run_came_from(interlock: CommandLine) -> None:
    """As people are."""
    run = exported(interlock)
    signer = fingerprint(interlock)
    interlock("import", f"{run}.run.tar", "--store", "other.db", "--by", "ann", "--trust", signer)

    told = interlock("show", run, "--store", "other.db", "--json").json["imported"]

    assert told | {"at": 0} == {"tenant": "local", "at": 0, "by": "ann", "signers": [signer], "trusted": [signer]}
    assert "imported" not in interlock("show", run, "--json").json


def test_a_file_that_was_changed_names_the_event(interlock: CommandLine, tmp_path: Path) -> None:
    """For people in a sentence, for programs as a part and a number."""
    run = exported(interlock)
    data = (tmp_path / f"{run}.run.tar").read_bytes()
    (tmp_path / "forged.tar").write_bytes(data.replace(b"Release?", b"Refuse??", 1))

    said = interlock("import", "forged.tar", "--store", "other.db")
    told = json.loads(interlock("import", "forged.tar", "--verify-only", "--json").out)

    assert (said.code, said.err.startswith("error: event 2 is not what was stored")) == (1, True)
    assert (told["error"]["kind"], told["error"]["part"], told["error"]["seq"]) == (
        "RunFile",
        "events/0000000001.msgpack",
        2,
    )
    assert interlock("runs", "--store", "other.db").out == "no runs\n"


@pytest.mark.parametrize("words", [["--verify-only"], ["--store", "other.db"]], ids=["verified", "kept"])
def test_a_file_that_nobody_trusted_has_signed_is_refused(interlock: CommandLine, words: list[str]) -> None:
    """The one thing that the file itself cannot say."""
    run = exported(interlock)

    said = interlock("import", f"{run}.run.tar", "--trust", "0" * 64, *words)

    assert (said.code, f"the file is signed by {fingerprint(interlock)}, and only 000" in said.err) == (1, True)


def test_a_key_goes_by_a_file_as_well(interlock: CommandLine, tmp_path: Path) -> None:
    """It is what other programs exchange."""
    run = exported(interlock)
    (tmp_path / "ours.pem").write_text(interlock("signer", "--pem").out)

    said = interlock("import", f"{run}.run.tar", "--trust", "ours.pem", "--verify-only")

    assert said.out.splitlines()[1] == f"  signed by {fingerprint(interlock)}, which is trusted"
    assert interlock("signer").out == f"{fingerprint(interlock)}\n"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nothing.tar", "nothing.tar: No such file or directory"),
        ("graphs/ask.yaml", "this is no run file, as `interlock export` writes one"),
        ("graphs", "graphs: Is a directory"),
    ],
)
def test_what_is_no_run_file_is_told_so(interlock: CommandLine, name: str, told: str) -> None:
    """The wrong name is given more often than a wrong file."""
    interlock.graph("ask", ASK)

    said = interlock("import", name)

    assert (said.code, told in said.err) == (1, True)


def test_a_run_whose_payloads_were_erased_is_exported_as_what_is_left(interlock: CommandLine) -> None:
    """That it happened can still be shown to others."""
    interlock.graph("hello", "a: {value: hello}\n")
    run = interlock.started("hello")
    interlock("prune", "--older-than", "1us", "--payloads", "--yes")

    said = interlock("export", run)
    verified = interlock("import", f"{run}.run.tar", "--verify-only")
    kept = interlock("import", f"{run}.run.tar", "--store", "other.db")

    assert "what its events said was erased" in said.out
    assert "what its events said was erased" in verified.out
    assert "its payloads were erased before it was exported" in kept.err
