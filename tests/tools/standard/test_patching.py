"""Patches change the workspace as a whole, once for their effect, and are taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.core.plan import Permissions
from interlock.core.values import Value
from interlock.tools.standard.patching import patch_tools
from tests.tools.standard.bench import Bench

FIX = """\
--- a/src/sums.py
+++ b/src/sums.py
@@ -1,2 +1,2 @@
 def add(a, b):
-    return a - b
+    return a + b
--- /dev/null
+++ b/tests/test_sums.py
@@ -0,0 +1 @@
+def test_add(): pass
--- a/old/notes.txt
+++ /dev/null
@@ -1 +0,0 @@
-old
diff --git a/run.sh b/bin/run.sh
old mode 100644
new mode 100755
rename from run.sh
rename to bin/run.sh
"""
MOVE = "diff --git a/run.sh b/src/sums.py\nrename from run.sh\nrename to src/sums.py\n"
BEFORE = {"old/notes.txt": "old\n", "run.sh": "echo\n", "src/sums.py": "def add(a, b):\n    return a - b\n"}
AFTER = {
    "bin/run.sh": "echo\n",
    "src/sums.py": "def add(a, b):\n    return a + b\n",
    "tests/test_sums.py": "def test_add(): pass\n",
}


@pytest.fixture(name="bench")
def a_bench(tmp_path: Path) -> Bench:
    """A workspace with a bug in it."""
    bench = Bench(tmp_path, patch_tools)
    bench.holds(BEFORE)
    return bench


def test_a_patch_changes_makes_takes_away_and_moves_files(bench: Bench) -> None:
    """And says what became of each."""
    out = bench.call("apply_patch", patch=FIX)

    assert [(each["path"], each["change"], each["lines_added"], each["lines_removed"]) for each in out["files"]] == [
        ("src/sums.py", "changed", 1, 1),
        ("tests/test_sums.py", "added", 1, 0),
        ("old/notes.txt", "deleted", 0, 1),
        ("bin/run.sh", "moved", 0, 0),
    ]
    assert bench.files == AFTER
    assert (bench.workspace.files / "bin" / "run.sh").stat().st_mode & 0o111


def test_a_patch_is_applied_once_for_its_effect(bench: Bench) -> None:
    """The repeat after a crash finds it applied, and says the same."""
    first = bench.call("apply_patch", effect="e", patch=FIX)

    assert bench.call("apply_patch", effect="e", patch=FIX) == first
    assert bench.files == AFTER


def test_a_patch_is_taken_back_by_the_same_text(bench: Bench) -> None:
    """Its undo is given the input that it was given, and leaves what others did meanwhile."""
    bench.call("apply_patch", patch=FIX)
    bench.holds({"new.txt": "mine"})

    bench.call("revert_patch", patch=FIX)

    assert bench.files == {**BEFORE, "new.txt": "mine"}
    assert bench.tools["apply_patch"].terms.undo == "revert_patch"


def test_a_patch_that_was_never_applied_is_not_taken_back(bench: Bench) -> None:
    """Nothing is guessed."""
    kind, message = bench.refusal("revert_patch", patch=FIX)

    assert kind == "invalid"
    assert "`bin/run.sh`" in message
    assert bench.files == BEFORE


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        (FIX.replace("a - b", "a * b"), "hunk 1 of `src/sums.py` (line 3 of the patch) does not fit"),
        (FIX.replace("-old\n", "-new\n"), "hunk 1 of `old/notes.txt`"),
        (FIX.replace("tests/test_sums.py", "../outside.py"), "has `..` in it"),
        (FIX.replace("b/tests/test_sums.py", "/etc/cron.d/evil"), "is absolute"),
        (FIX.replace("tests/test_sums.py", ".git/hooks/post-commit"), "is a repository's own folder"),
        (FIX.replace("tests/test_sums.py", "src/SUMS.py"), "which other systems take for the same name"),
        (FIX.replace("tests/test_sums.py", "src/sums.py/x"), "leads through a link or a file"),
        (MOVE, "the patch moves `run.sh` to `src/sums.py`, which is there already"),
        (
            FIX.replace("a/src/sums.py", "a/src/sum.py").replace("b/src/sums.py", "b/src/sum.py"),
            "did you mean `sums.py`?",
        ),
        ("no patch", "the patch names no file"),
    ],
)
def test_a_patch_of_which_anything_is_wrong_changes_nothing(patch: str, told: str, bench: Bench) -> None:
    """Half a patch is a state that nobody has seen or meant."""
    kind, message = bench.refusal("apply_patch", patch=patch)

    assert kind == "invalid"
    assert told in message
    assert bench.files == BEFORE


def test_a_patch_through_a_link_is_refused(bench: Bench, tmp_path: Path) -> None:
    """The file outside is not changed, and neither are the others."""
    outside = tmp_path / "outside.txt"
    outside.write_text("old\n")
    notes = bench.workspace.files / "old" / "notes.txt"
    notes.unlink()
    notes.symlink_to(outside)

    kind, _ = bench.refusal("apply_patch", patch=FIX)

    assert kind == "invalid"
    assert outside.read_text() == "old\n"
    assert bench.files["src/sums.py"] == BEFORE["src/sums.py"]


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        ({"patch": FIX}, ("bin/run.sh", "old/notes.txt", "run.sh", "src/sums.py", "tests/test_sums.py")),
        ({"patch": "no patch"}, ()),
        ({"patch": None}, ()),
        ("nothing", ()),
    ],
)
def test_policy_is_asked_about_every_file_of_a_patch(arguments: Value, needed: tuple[str, ...], bench: Bench) -> None:
    """Also about those that it takes away or moves; a patch that cannot be read is refused by the tool."""
    assert bench.tools["apply_patch"].permissions(arguments) == Permissions(writes=needed)
