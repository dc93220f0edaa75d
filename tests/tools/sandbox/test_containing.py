"""What a hostile program tries is contained in every tier, and nothing of it is alive afterwards."""

from __future__ import annotations

import asyncio
import fcntl
import os
import platform
import secrets
import socket
import subprocess
from collections.abc import Generator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from interlock.core.plan import Micros
from interlock.tools.sandbox import EnclosedSandbox, SandboxJob, SandboxLimits, SandboxResult
from interlock.tools.sandbox.inside.frames import ENDED, framed
from interlock.tools.sandbox.leftovers import processes_that_say
from tests.privileges import NOBODY, folder_open_to_all
from tests.tools.sandbox.places import MIB, PLACES, SECOND, attack_job, attacked, place_named, said
from tests.tools.sandbox.system_calls import hostile_calls

DENIED: Final = frozenset("EPERM EACCES ENOENT ENOSYS EROFS ENXIO ENODEV ESRCH ENOTTY EXDEV EINVAL EIO".split())
"""Ways to say no, or that there is no such thing."""
OF_ITS_OWN_KERNEL: Final = {
    "gvisor": {"make a device", "memory of a device", "environment of the first process"},
}
"""What works without reaching anything, as it is another kernel that answers."""
FEW_PROCESSES: Final = SandboxLimits(processes=8, wall=Micros(20 * SECOND))
HALF_A_SECOND: Final = Micros(SECOND // 2)
_CLONE = {"x86_64": 56, "aarch64": 220}


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Generator[EnclosedSandbox]:
    """A tier, in each way that it can be had here."""
    with place_named(request.param) as sandbox:
        yield sandbox


@contextmanager
def a_neighbour() -> Generator[subprocess.Popen[bytes]]:
    """A process of the user that sandboxes of ordinary users run as here."""
    user = NOBODY if os.geteuid() == 0 else None
    process = subprocess.Popen(["sleep", "60"], user=user, group=user)
    try:
        yield process
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


@contextmanager
def open_files_that_are_handed_down(file: Path) -> Generator[list[int]]:
    """A file that whoever is started finds open unless somebody sees to it, under a usual number and a large one."""
    opened = os.open(file, os.O_RDWR)
    numbers = [opened, fcntl.fcntl(opened, fcntl.F_DUPFD, 150)]
    os.set_inheritable(opened, True)  # noqa: FBT003 - the library's
    try:
        yield numbers
    finally:
        for number in numbers:
            os.close(number)


@pytest.fixture(scope="module")
def tried(place: EnclosedSandbox) -> dict[str, str]:
    """Everything that is over at once, tried in one job, with things laid out on the machine that would be reached."""
    with ExitStack() as held:
        folder = held.enter_context(folder_open_to_all())
        file, secret, abstract = folder / "secret", secrets.token_hex(8), f"bait-{secrets.token_hex(8)}"
        file.write_text(secret)
        file.chmod(0o666)
        os.chown(file, *(2 * [NOBODY] if os.geteuid() == 0 else (os.getuid(), os.getgid())))
        for number in held.enter_context(open_files_that_are_handed_down(file)):
            assert os.get_inheritable(number)
        server = held.enter_context(socket.create_server(("127.0.0.1", 0)))
        for address in (f"\0{abstract}", str(folder / "socket")):
            listener = held.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(address)
            listener.listen()
        (folder / "socket").chmod(0o777)
        before = file.stat()
        result = attacked(
            place,
            "survey",
            {
                "file": str(file),
                "folder": str(folder),
                "secret": secret,
                "process": os.getpid(),
                "neighbour": held.enter_context(a_neighbour()).pid,
                "abstract": abstract,
                "path_socket": str(folder / "socket"),
                "port": server.getsockname()[1],
                "clone": _CLONE[platform.machine()],
                "families": {"inet": 2, "inet6": 10, "netlink": 16, "packet": 17, "bluetooth": 31, "vsock": 40},
                "calls": hostile_calls(),
            },
        )
        now = file.stat()
        told: dict[str, str] = said(result)
        same = (before.st_mode, before.st_uid, before.st_mtime_ns) == (now.st_mode, now.st_uid, now.st_mtime_ns)
        left = sorted(path.name for path in folder.iterdir())
        told = {what: "EPERM" if what in OF_ITS_OWN_KERNEL.get(place.tier, ()) else how for what, how in told.items()}
        return told | {"the secret": "same" if same and file.read_text() == secret else "changed", "left": str(left)}


def worked(tried: dict[str, str], attempts: Sequence[str], *, denied: AbstractSet[str]) -> dict[str, str]:
    """Those of the attempts that were not denied, with what they came to."""
    return {attempt: tried[attempt] for attempt in attempts if tried[attempt] not in denied}


def test_files_of_the_machine_are_out_of_reach(tried: dict[str, str]) -> None:
    """What stands on this machine is not for programs that a model wrote."""
    attempts = [
        *("read a secret", "read a secret through /proc", "read the shadow file", "read the environment of the door"),
        *("write a file", "make a file", "truncate a file", "remove a file", "rename a file", "link to a file"),
        *("owner of a file", "attribute of a file", "write to the programs", "make a device"),
    ]

    assert worked(tried, attempts, denied=DENIED) == {}


def test_files_of_the_machine_are_as_they_were(tried: dict[str, str]) -> None:
    """Whatever a call answers, this is what counts: mode and times too, which Landlock does not look at."""
    assert (tried["the secret"], tried["left"]) == ("same", "['secret', 'socket']")


def test_no_socket_leads_out(tried: dict[str, str]) -> None:
    """A program without a network cannot say what it knows to anybody."""
    attempts = [
        *("abstract socket", "socket in a folder", "datagram to a socket in a folder", "server of the machine"),
        *("socket inet", "socket inet6", "socket netlink", "socket packet", "socket bluetooth", "socket vsock"),
    ]

    assert worked(tried, attempts, denied={*DENIED, "ECONNREFUSED", "EAFNOSUPPORT"}) == {}


def test_system_calls_that_only_attackers_need_are_refused(tried: dict[str, str]) -> None:
    """The fewer doors of the kernel are open, the fewer of its holes are in reach."""
    attempts = [f"call {name}" for name in hostile_calls()]

    assert worked(tried, attempts, denied={"EPERM", "ENOSYS"}) == {}


def test_other_processes_and_more_rights_are_out_of_reach(tried: dict[str, str]) -> None:
    """Who may type on a terminal, signal others or be somebody else is out."""
    attempts = [
        *("signal a neighbour", "limits of a neighbour", "priority of a neighbour", "processors of a neighbour"),
        *("signal the door", "supervisor's memory", "supervisor's output"),
        *("type on a terminal", "paste on a terminal", "open the terminal"),
        *("clone into a new user namespace", "raise a limit", "be root"),
    ]

    assert worked(tried, attempts, denied={*DENIED, "nobody there", "not it"}) == {}


def test_memory_that_no_limit_counts_is_refused(tried: dict[str, str]) -> None:
    """A limit on a process's own memory says nothing of what it shares."""
    attempts = ["shared memory", "memory of a device", "call memfd_create", "call shmget"]

    assert worked(tried, attempts, denied=DENIED) == {}


def test_more_memory_than_granted_is_not_to_be_had(place: EnclosedSandbox) -> None:
    """The program hears it, or does not live to hear it."""
    result = attacked(place, "memory", 10)

    assert (result.ended, result.stdout) in [("exited", b'"no memory"\n'), ("stopped", b""), ("signalled", b"")]


def test_a_file_cannot_become_larger_than_granted(tried: dict[str, str]) -> None:
    """Holes count: whoever copies them fills them."""
    assert tried["a terabyte in one file"] in {"EFBIG", "EINVAL"}


def test_it_inherits_nothing_but_its_three_streams(tried: dict[str, str]) -> None:
    """An open file of the door would be a way out that no rule looks at."""
    assert tried["open files"] == "[0, 1, 2]"


def test_it_finds_an_environment_that_tells_nothing(tried: dict[str, str]) -> None:
    """Keys are handed to programs in their environment, so none of ours goes in; the first process shows its own."""
    assert tried["environment"] == (
        "['GIT_CONFIG_NOSYSTEM', 'HOME', 'LANG', 'LOGNAME', 'OPENSSL_CONF', 'PATH', 'TMPDIR', 'USER']"
    )
    assert tried["environment of the first process"] in {*DENIED, "''"}


def test_it_is_never_root(tried: dict[str, str]) -> None:
    """Root of this machine, that is; inside it is nobody."""
    assert tried["user"] != "0"


@pytest.mark.parametrize("attack", ["fork_bomb", "loop", "ignore_and_sleep"])
def test_what_does_not_end_is_killed_at_the_wall_limit(place: EnclosedSandbox, attack: str) -> None:
    """No signal is asked for politely, and no child is forgotten."""
    result = attacked(place, attack, wall=HALF_A_SECOND)

    assert (result.ended, result.exit_code, result.stdout) == ("timed_out", None, b"")
    assert HALF_A_SECOND <= result.wall < 8 * SECOND


def test_a_fork_bomb_does_not_keep_a_job_beside_it_from_running(place: EnclosedSandbox) -> None:
    """Jobs that shared a user would share its processes too, and the next one could not even start."""
    word = f"attack-{uuid4().hex}"
    bomb = attack_job(place, "fork_bomb", word, limits=SandboxLimits(wall=Micros(60 * SECOND), processes=32))

    async def story() -> SandboxResult:
        bombing = asyncio.create_task(place.run(bomb))
        while not has_exploded(place, word):  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.01)
        beside = await place.run(SandboxJob(argv=("sh", "-c", "true & wait; echo ran"), limits=FEW_PROCESSES))
        assert not bombing.done()
        bombing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bombing
        return beside

    beside = asyncio.run(story())

    assert (beside.ended, beside.exit_code, beside.stdout) == ("exited", 0, b"ran\n")
    assert processes_that_say(word) == set()


def has_exploded(place: EnclosedSandbox, word: str) -> bool:
    """Whether a fork bomb has taken what it may. Inside of gVisor nobody sees."""
    return place.tier == "gvisor" or len(processes_that_say(word)) > 16


def test_processes_that_nobody_waits_for_do_not_use_up_those_that_may_be_made(place: EnclosedSandbox) -> None:
    """Each that has ended keeps its number until somebody asks how: after a thousand tests no more could be started."""
    result = attacked(place, "orphan", 200, limits=SandboxLimits(processes=16, wall=Micros(20 * SECOND)))

    assert said(result) == 200


def test_who_stays_behind_is_killed_and_does_not_keep_the_job_open(place: EnclosedSandbox) -> None:
    """A daemon would live on beside the next job, with what it learned of this one."""
    result = attacked(place, "daemonise")

    assert said(result) == "left"
    assert result.wall < 8 * SECOND


def test_who_takes_another_name_and_closes_everything_is_killed_too(place: EnclosedSandbox) -> None:
    """It is no child of anybody here, shares no session and no pipe, and is called as something harmless."""
    seconds = f"3600.{secrets.randbelow(10**12)}"

    result = attacked(place, "take_another_name", seconds)

    assert said(result) == "left"
    assert processes_that_say(seconds) == set()


@pytest.mark.parametrize("attack", ["flood", "flood_errors"])
def test_output_is_cut_at_its_limit_and_the_job_killed(place: EnclosedSandbox, attack: str) -> None:
    """Whoever reads it keeps it in memory."""
    result = attacked(place, attack, limits=SandboxLimits(output_bytes=10_000, wall=Micros(20 * SECOND)))

    assert (result.ended, result.cut, len(result.stdout) + len(result.stderr)) == ("output_full", True, 10_000)


def test_files_stop_at_the_room_they_are_given(place: EnclosedSandbox, tmp_path: Path) -> None:
    """The disk is everybody's. Where memory of that size cannot be had the folder is looked at, and the job killed."""
    limits = SandboxLimits(workspace_bytes=8 * MIB, wall=Micros(20 * SECOND))

    result = attacked(place, "fill", 200, limits=limits, workspace=tmp_path)

    assert (result.ended, result.stdout) in [("exited", b'"ENOSPC"\n'), ("stopped", b"")]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 8 * MIB


@pytest.mark.parametrize("attack", ["stop_supervisor", "kill_supervisor"])
def test_whoever_watches_over_it_may_be_hit_and_still_nothing_is_left(place: EnclosedSandbox, attack: str) -> None:
    """The clock that ends a job is where the job is not."""
    result = attacked(place, attack, wall=HALF_A_SECOND)

    assert result.ended in {"timed_out", "stopped", "signalled"}
    assert result.exit_code in {None, -9}


def test_nobody_but_the_supervisor_says_how_it_ended(place: EnclosedSandbox) -> None:
    """What a job writes is output, whatever it looks like."""
    forged = framed(ENDED, b'{"exit_code": 0}')

    result = attacked(place, "speak_as_supervisor", forged.hex())

    assert (result.ended, result.exit_code, result.stdout) == ("exited", 3, forged)


def test_leaving_early_with_success_shows_as_no_output(place: EnclosedSandbox) -> None:
    """Who runs tests must ask for more than a status: any code under test can end the process with it."""
    result = attacked(place, "leave_early")

    assert (result.ended, result.exit_code, result.stdout) == ("exited", 0, b"")


def test_children_together_keep_to_the_memory_where_there_are_control_groups(place: EnclosedSandbox) -> None:
    """Without them the limit holds for each process alone, and the sandbox says so."""
    asked = {"children": 8, "bytes": 48 * MIB}
    limits = SandboxLimits(memory_bytes=96 * MIB, workspace_bytes=8 * MIB, wall=Micros(8 * SECOND))

    result = attacked(place, "children_with_memory", asked, limits=limits)

    each_alone = any("each process" in gap for gap in place.gaps)
    assert (result.stdout.strip() == b"8") is each_alone
