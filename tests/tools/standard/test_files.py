"""Files of the workspace are read, written and listed; what is refused tells how to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools.standard.files import file_tools
from tests.tools.standard.bench import Bench


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """An empty workspace."""
    return Bench(tmp_path, file_tools)


def test_a_file_that_was_written_is_read_as_it_is(bench: Bench) -> None:
    """Line ends and odd characters are nobody's to mend."""
    text = "one\r\ntwo\n\u2028é\0"

    written = bench.call("write_file", path="./src//a.txt", text=text)
    read = bench.call("read_file", path="src/a.txt")

    assert (read["text"], read["digest"], read["cut"]) == (text, written["digest"], False)
    assert (written["path"], written["bytes"], written["created"]) == ("src/a.txt", 15, True)


def test_a_part_of_a_file_is_read_by_its_lines(bench: Bench) -> None:
    """A model's context is small, and a file may be long."""
    bench.holds({"a.txt": "".join(f"line {number}\n" for number in range(1, 11))})

    read = bench.call("read_file", path="a.txt", first_line=4, lines_max=2)

    assert (read["text"], read["first_line"], read["lines"], read["cut"]) == ("line 4\nline 5\n", 4, 10, True)
    assert bench.call("read_file", path="a.txt", first_line=99)["text"] == ""


def test_a_file_in_one_endless_line_is_cut(bench: Bench) -> None:
    """Whatever it holds, an answer has an end."""
    bench.holds({"a.txt": "x" * 200_000})

    read = bench.call("read_file", path="a.txt")

    assert (len(read["text"]), read["cut"]) == (100_000, True)


def test_writing_is_done_once_for_its_effect(bench: Bench) -> None:
    """A repeat after a crash finds what another call wrote since, and leaves it."""
    first = bench.call("write_file", effect="e1", path="a.txt", text="one")
    bench.call("write_file", path="a.txt", text="two")

    assert bench.call("write_file", effect="e1", path="a.txt", text="one") == first
    assert bench.files == {"a.txt": "two"}


def test_a_file_that_changed_since_it_was_read_is_not_overwritten(bench: Bench) -> None:
    """Two agents that work on one file must not lose each other's work."""
    digest = bench.call("write_file", path="a.txt", text="one")["digest"]
    bench.call("write_file", path="a.txt", text="theirs", expected_digest=digest)

    kind, message = bench.refusal("write_file", path="a.txt", text="mine", expected_digest=digest)

    assert (kind, message) == ("failed", "`a.txt` was changed by another call meanwhile: read it again")
    assert bench.files == {"a.txt": "theirs"}


def test_files_are_listed_below_a_folder_and_by_pattern(bench: Bench) -> None:
    """The first thing that an agent wants to know."""
    bench.holds({"src/a.py": "1", "src/sub/b.py": "22", "src/c.txt": "", "d.py": ""})

    listed = bench.call("list_files", folder="src", pattern="*.py")

    assert listed == {"files": [{"path": "src/a.py", "bytes": 1}, {"path": "src/sub/b.py", "bytes": 2}], "cut": False}


@pytest.mark.parametrize(
    ("tool", "input", "told"),
    [
        ("read_file", {"path": "src/a.pi"}, "there is no file `src/a.pi` in the workspace: did you mean `a.py`?"),
        ("read_file", {"path": "src"}, "`src` is a folder: name a file in it"),
        ("read_file", {"path": "image.bin"}, "`image.bin` holds no UTF-8 text (byte 0 is none)"),
        ("read_file", {"path": "../a"}, "`../a` has `..` in it: write the path from the workspace's folder on"),
        ("write_file", {"path": "/etc/passwd", "text": ""}, "`/etc/passwd` is absolute"),
        ("write_file", {"path": "src/a.py/b", "text": ""}, "`src/a.py` leads through a link or a file"),
        ("write_file", {"path": ".git/hooks/pre-commit", "text": ""}, "is a repository's own folder"),
        ("list_files", {"pattern": "*a" * 1_000}, "input.pattern"),
        ("list_files", {"folder": "nowhere"}, "there is no file `nowhere` in the workspace"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(tool: str, input: dict[str, Value], told: str, bench: Bench) -> None:
    """A model reads the refusal and has to find its way from there."""
    bench.holds({"src/a.py": "pass"})
    (bench.workspace.files / "image.bin").write_bytes(b"\xff\xfe")

    kind, message = bench.refusal(tool, **input)

    assert kind == "invalid"
    assert told in message


@pytest.mark.parametrize(
    ("tool", "arguments", "needed"),
    [
        ("read_file", {"path": "./src//a.py"}, Permissions(reads=("src/a.py",))),
        ("write_file", {"path": "../../etc/passwd"}, Permissions(writes=("../../etc/passwd",))),
        ("write_file", {"path": 5}, Permissions()),
        ("list_files", {"folder": "src/"}, Permissions(reads=("src/*",))),
        ("list_files", {}, Permissions(reads=("*",))),
        ("list_files", None, Permissions(reads=("*",))),
    ],
)
def test_policy_is_asked_about_the_file_that_is_meant(
    tool: str, arguments: Value, needed: Permissions, bench: Bench
) -> None:
    """In one spelling, so that no other slips by a rule; whatever the arguments are, there is an answer."""
    assert bench.tools[tool].permissions(arguments) == needed
