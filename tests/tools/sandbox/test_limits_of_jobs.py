"""A user id and a control group for each job: had where they can be, and given back."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from pathlib import Path

import pytest

from interlock.tools.sandbox.cgroups import cgroup_parents, job_cgroup
from interlock.tools.sandbox.identity import NoIdentity, identities_within, one_identity
from interlock.tools.sandbox.inside.seccomp import seccomp_filter

needs_groups = pytest.mark.skipif(
    not cgroup_parents(), reason="control groups can be made by root alone, and not in every container"
)


def test_two_jobs_never_have_the_same_user() -> None:
    """Who has the user can kill what runs as it."""
    with one_identity() as one, one_identity() as other:
        assert one != other


@pytest.mark.parametrize(
    ("uid_map", "ids"),
    [
        ("         0          0 4294967295\n", range(1_610_612_736, 1_879_048_192)),
        ("         0     100000      65536\n", range(32_768, 65_534)),
        ("0 1000 1\n1 100000 65536\n", range(32_769, 65_534)),
    ],
)
def test_user_ids_are_taken_from_where_nobody_is(uid_map: str, ids: range) -> None:
    """A container may have few; what exists decides."""
    assert identities_within(uid_map) == ids


@pytest.mark.parametrize("uid_map", ["", "0 1000 1\n"])
def test_too_few_user_ids_are_told(uid_map: str) -> None:
    """Sharing one would let a job kill another's processes."""
    with pytest.raises(NoIdentity, match="too few user ids"):
        identities_within(uid_map)


@needs_groups
def test_a_control_group_holds_what_is_taken_in_and_goes_with_the_job() -> None:
    """Groups that stay behind are slow poison for a machine."""
    parents = cgroup_parents()

    before = {path.name for parent in parents for path in parent.glob("interlock-*")}

    with job_cgroup(parents, memory_bytes=64 << 20, processes=8) as group:
        assert group is not None
        sleeper = subprocess.Popen(["sleep", "60"])
        group.take_in([sleeper.pid])
        assert group.processes() == {sleeper.pid}
        assert asyncio.run(group.kill())
        assert sleeper.wait() == -signal.SIGKILL

    assert {path.name for parent in parents for path in parent.glob("interlock-*")} <= before


@needs_groups
def test_groups_of_an_engine_that_was_killed_are_removed_by_the_next() -> None:
    """It could not, and no process is in them to keep them."""
    parents = cgroup_parents()
    ended = subprocess.Popen(["true"])
    ended.wait()
    forsaken = parents[0] / f"interlock-{ended.pid}-0"
    forsaken.mkdir()

    with job_cgroup(parents, memory_bytes=64 << 20, processes=8):
        assert not forsaken.exists()


def a_tree(root: Path, files: dict[str, str]) -> Path:
    """Folders and files as the kernel would show them."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_with_version_1_each_kind_of_limit_has_its_own_tree(tmp_path: Path) -> None:
    """The job's groups lie below this process's own."""
    root = a_tree(tmp_path / "cgroup", {"memory/job/tasks": "", "pids/tasks": ""})
    own = a_tree(tmp_path, {"own": "8:pids:/\n4:memory:/job\n0::/\n"}) / "own"

    assert cgroup_parents(root, own) == (root / "memory/job", root / "pids")


def test_with_version_2_the_first_group_above_that_hands_limits_down_is_taken(tmp_path: Path) -> None:
    """A group with processes in it cannot limit groups below it."""
    root = a_tree(
        tmp_path / "cgroup",
        {
            "cgroup.subtree_control": "cpu memory pids\n",
            "system.slice/cgroup.subtree_control": "cpu memory pids\n",
            "system.slice/interlock.service/cgroup.subtree_control": "\n",
        },
    )
    own = a_tree(tmp_path, {"own": "0::/system.slice/interlock.service\n"}) / "own"

    assert cgroup_parents(root, own) == (root / "system.slice",)


@pytest.mark.parametrize("line", ["", "0::/\n", "4:memory:/\n"])
def test_where_no_group_can_be_made_there_is_none(tmp_path: Path, line: str) -> None:
    """Limits then hold for each process alone, and the sandbox says so."""
    (tmp_path / "own").write_text(line)

    assert cgroup_parents(tmp_path / "cgroup", tmp_path / "own") == ()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_of_calls_is_what_the_kernel_takes(machine: str) -> None:
    """Whole instructions, fewer than the kernel's 4,096, the last of them an answer."""
    program = seccomp_filter(families=(1, 2, 10), shares_user=True, machine=machine)

    assert (len(program) % 8, len(program) // 8 < 4_096, program[-8:-6]) == (0, True, b"\x06\x00")


def test_on_a_machine_whose_calls_are_not_known_there_is_no_filter() -> None:
    """Refusing the wrong numbers would refuse nothing."""
    with pytest.raises(KeyError, match="the system calls of riscv64 are not known here"):
        seccomp_filter(families=(), shares_user=False, machine="riscv64")
