"""A job in a sandbox: its files go in and come back, its streams are its own, and it ends when it has to."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from interlock.core.plan import Micros
from interlock.tools.sandbox import EnclosedSandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.leftovers import processes_that_say
from tests.privileges import folder_open_to_all
from tests.tools.sandbox.places import MIB, PATIENT, PLACES, SECOND, attacked, place_named

PROJECT: Final = Path(__file__).parents[3]


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Generator[EnclosedSandbox]:
    """A tier, in each way that it can be had here."""
    with place_named(request.param) as sandbox:
        yield sandbox


def in_shell(
    place: EnclosedSandbox, script: str, workspace: Path | None = None, *, stdin: bytes = b""
) -> SandboxResult:
    """What became of a few lines of shell."""
    job = SandboxJob(argv=("sh", "-c", script), workspace=workspace, stdin=stdin, limits=PATIENT)
    return asyncio.run(place.run(job))


def without_wall(result: SandboxResult) -> dict[str, object]:
    """All of a result but how long it took, without what is as it mostly is."""
    told = {name: getattr(result, name) for name in result.__struct_fields__}
    usual = {"ended": "exited", "exit_code": 0, "note": "", "cut": False, "tier": result.tier}
    return {name: value for name, value in told.items() if name != "wall" and value and usual.get(name) != value}


def test_files_go_in_and_what_became_of_them_comes_back(place: EnclosedSandbox, tmp_path: Path) -> None:
    """The folder is as if the program had run in it, though it never was there."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/kept").write_text("kept")
    (tmp_path / "folder/changed").write_text("before")
    (tmp_path / "deleted").write_text("x")
    (tmp_path / "run.sh").write_text("#!/bin/sh\necho ran\n")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "link").symlink_to("folder/kept")

    result = in_shell(
        place, "./run.sh; cat link; echo after > folder/changed; rm deleted; mkdir -p a/b; echo new > a/b/c", tmp_path
    )

    assert without_wall(result) == {
        "stdout": b"ran\nkept",
        "changed": ("a", "a/b", "a/b/c", "folder/changed"),
        "deleted": ("deleted",),
    }
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")) == [
        *("a", "a/b", "a/b/c", "folder", "folder/changed", "folder/kept", "link", "run.sh"),
    ]
    assert (tmp_path / "folder/changed").read_text() == "after\n"


def test_a_job_that_keeps_nothing_changes_nothing(place: EnclosedSandbox, tmp_path: Path) -> None:
    """To look at files is not to own them."""
    (tmp_path / "file").write_text("x")
    job = SandboxJob(argv=("sh", "-c", "rm file; echo y > other"), workspace=tmp_path, limits=PATIENT, keeps=False)

    result = asyncio.run(place.run(job))

    assert without_wall(result) == {}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_it_reads_what_it_is_given_and_says_how_it_went(place: EnclosedSandbox) -> None:
    """Streams are bytes, whatever is in them."""
    given = bytes(range(256)) * 1_000

    result = in_shell(place, "head -c 200; cat >/dev/null; echo bad >&2; exit 7", stdin=given)

    assert (result.stdout, result.stderr) == (given[:200], b"bad\n")
    assert (result.ended, result.exit_code) == ("exited", 7)


def test_it_need_not_read_what_it_is_given(place: EnclosedSandbox) -> None:
    """A program that ends early is none that failed."""
    assert without_wall(in_shell(place, "exec true", stdin=b"x" * MIB)) == {}


def test_an_end_by_signal_is_told_apart(place: EnclosedSandbox) -> None:
    """A crash is not an answer."""
    result = in_shell(place, "kill -SEGV $$")

    assert (result.ended, result.exit_code) == ("signalled", -signal.SIGSEGV)


def test_a_program_that_is_not_there_is_named(place: EnclosedSandbox) -> None:
    """Whoever asked for it reads this, and not a status of 127."""
    result = asyncio.run(place.run(SandboxJob(argv=("no-such-program",), limits=PATIENT)))

    assert (result.ended, result.exit_code) == ("stopped", None)
    assert result.note == "it cannot be started: no-such-program: No such file or directory"


def test_a_workspace_that_is_too_large_is_named_before_anything_runs(place: EnclosedSandbox, tmp_path: Path) -> None:
    """Half a workspace would give answers about something else."""
    (tmp_path / "large").write_bytes(b"x" * 2 * MIB)
    limits = SandboxLimits(workspace_bytes=MIB, wall=Micros(20 * SECOND))

    result = asyncio.run(place.run(SandboxJob(argv=("true",), workspace=tmp_path, limits=limits)))

    assert (result.ended, result.wall) == ("stopped", 0)
    assert result.note == "the workspace is larger than a job's may be: large: its 2,097,152 bytes are too much"


def test_traps_in_the_workspace_are_left_inside(place: EnclosedSandbox, tmp_path: Path) -> None:
    """Links, pipes and what git obeys are named, and do not come back."""
    (tmp_path / "kept").write_text("kept")

    result = attacked(place, "leave_traps", workspace=tmp_path)

    assert result.ended == "exited"
    assert {path.name for path in tmp_path.iterdir()} in ({"kept", "plain"}, {"kept", "plain", "second-name"})
    assert {
        "link: it is a symbolic link",
        "folder-link: it is a symbolic link",
        ".git: what git obeys is not changed from inside a sandbox",
        "bad-\\udcff-name: its name holds characters that are not printed",
        "new\\nline: its name holds characters that are not printed",
    } <= set(result.refused_members)


def test_files_that_are_all_holes_are_not_filled_with_them(place: EnclosedSandbox, tmp_path: Path) -> None:
    """They take no room where they are, and all of it where they are copied to."""
    limits = SandboxLimits(workspace_bytes=4 * MIB, file_bytes=4 * MIB, wall=Micros(20 * SECOND))

    result = attacked(place, "sparse", 3, limits=limits, workspace=tmp_path)

    assert (result.ended, result.cut, [path.name for path in tmp_path.iterdir()]) == ("exited", True, ["hole-0"])


def test_folders_without_end_are_left_inside(place: EnclosedSandbox, tmp_path: Path) -> None:
    """Whoever follows them runs out of names, or of open files."""
    result = attacked(place, "dig", 400, workspace=tmp_path)

    assert (result.ended, result.cut) == ("exited", True)
    assert result.refused_members[-1].endswith("what is below it lies too deep")


@pytest.fixture
def shared_folder() -> Generator[Path]:
    """Where jobs of any user can be found, and nothing but what a test makes."""
    with folder_open_to_all() as folder:
        yield folder


def a_long_job(word: str) -> SandboxJob:
    """It and its child carry a word in their arguments, and neither ends by itself."""
    return SandboxJob(argv=("sh", "-c", 'sh -c "sleep 60; true" "$0" & sleep 60; true', word), limits=PATIENT)


def seen_as(tier: str, folder: Path) -> str:
    """What shows a job among the processes of the machine: its word, and under gVisor the folder of its bundle."""
    return str(folder) if tier == "gvisor" else f"attack-{uuid4().hex}"


def test_cancelling_kills_everything_first(
    place: EnclosedSandbox, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cancels goes on at once, and what it wanted gone is gone."""
    monkeypatch.setattr("tempfile.tempdir", str(shared_folder))
    word = seen_as(place.tier, shared_folder)

    async def story() -> set[int]:
        running = asyncio.create_task(place.run(a_long_job(word)))
        while not (processes_that_say(word) or running.done()):  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return processes_that_say(word)

    assert asyncio.run(story()) == set()


def test_jobs_run_side_by_side_without_meeting(place: EnclosedSandbox) -> None:
    """A fork bomb in one must not keep the others from starting."""

    async def story() -> list[tuple[str, bytes]]:
        limits = SandboxLimits(processes=16, wall=Micros(20 * SECOND))
        jobs = [
            SandboxJob(argv=("sh", "-c", f"echo {number} > /tmp/same 2>/dev/null; echo {number}"), limits=limits)
            for number in range(4)
        ]
        results = await asyncio.gather(*(place.run(job) for job in jobs))
        return [(result.ended, result.stdout) for result in results]

    assert asyncio.run(story()) == [("exited", b"%d\n" % number) for number in range(4)]


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_nothing_of_ours_is_left_either(
    place: EnclosedSandbox, shared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand jobs must not fill the disk with folders, nor this process with threads and open files."""
    monkeypatch.setattr("tempfile.tempdir", str(shared_folder))
    before = (threading.active_count(), open_files())

    result = in_shell(place, "true")

    assert (without_wall(result), list(shared_folder.iterdir())) == ({}, [])
    assert (threading.active_count(), open_files()) == before


_ENGINE: Final = """
import asyncio, sys
from tests.tools.sandbox.places import place_named
from tests.tools.sandbox.test_running import a_long_job
with place_named(sys.argv[1]) as place:
    asyncio.run(place.run(a_long_job(sys.argv[2])))
"""


def gone_within(word: str, *, seconds: float) -> bool:
    """Whether all processes that carry the word end in time."""
    deadline = time.monotonic() + seconds
    while processes_that_say(word) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes_that_say(word) == set()


@pytest.mark.parametrize("name", PLACES)
def test_when_the_engine_is_killed_the_job_dies_with_it(name: str, shared_folder: Path) -> None:
    """After `kill -9` nobody is there to clean up."""
    with place_named(name) as place:
        word = seen_as(place.tier, shared_folder)
        command = [sys.executable, "-c", _ENGINE, name, word]
        engine = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL, env={"TMPDIR": str(shared_folder)})
        while len(processes_that_say(word) - {engine.pid}) == 0:
            time.sleep(0.02)
        engine.kill()
        engine.wait()

        assert gone_within(word, seconds=10)
