"""A patch is applied as a whole or not at all, and what is wrong with it is told with file, hunk and line."""

from __future__ import annotations

import pytest

from interlock.tools.standard.patches import BadPatch, parse_patch, patched, reversed_patch
from interlock.tools.standard.patches.applying import LOOKED_FOR_MAX

TEXT = "one\ntwo\nthree\nfour\nfive\n"


def patch(*lines: str) -> str:
    """A patch of `a.txt`."""
    return "\n".join(("--- a/a.txt", "+++ b/a.txt", *lines, ""))


def applied(text: str, before: str | None = TEXT) -> str | None:
    """What the one file of a patch becomes."""
    (file,) = parse_patch(text)
    return patched(file, before)


CHANGE = patch("@@ -1,3 +1,3 @@", " one", "-two", "+TWO", " three")


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        (CHANGE, TEXT, "one\nTWO\nthree\nfour\nfive\n"),
        (patch("@@ -2 +2 @@ def f():", "-two", "+TWO"), TEXT, "one\nTWO\nthree\nfour\nfive\n"),
        (patch("@@ -5,0 +6,2 @@", "+six", "+seven"), TEXT, f"{TEXT}six\nseven\n"),
        (patch("@@ -0,0 +1 @@", "+zero"), TEXT, f"zero\n{TEXT}"),
        (patch("@@ -1,5 +0,0 @@", "-one", "-two", "-three", "-four", "-five"), TEXT, ""),
        (
            patch("@@ -1,2 +1,2 @@", "-one", "+ONE", " two", "@@ -4,2 +4,1 @@", " four", "-five"),
            TEXT,
            "ONE\ntwo\nthree\nfour\n",
        ),
        (patch("@@ -1 +1 @@", "-end", "\\ No newline at end of file", "+end"), "end", "end\n"),
        (patch("@@ -1 +1 @@", "-end", "+end", "\\ No newline at end of file"), "end\n", "end"),
        (patch("@@ -1,3 +1,3 @@", " a", "", "-b", "+B"), "a\n\nb\n", "a\n\nB\n"),
        (patch("@@ -1,2 +1,1 @@", " a", "--- old"), "a\n-- old\n", "a\n"),
        (patch("@@ -1 +1 @@", "-a\r", "+b\r"), "a\r\n", "b\r\n"),
    ],
)
def test_hunks_are_applied_where_they_say(text: str, before: str, after: str) -> None:
    """As any other program that takes unified diffs does."""
    assert applied(text, before) == after


@pytest.mark.parametrize("shift", [0, 1, 40])
def test_a_hunk_that_stands_elsewhere_is_found_if_there_is_one_place_only(shift: int) -> None:
    """Models miscount lines, and files grow above the place; what the hunk says of its surroundings decides."""
    above = "".join(f"line {number}\n" for number in range(shift))

    assert applied(CHANGE, above + TEXT) == f"{above}one\nTWO\nthree\nfour\nfive\n"


def test_text_around_a_patch_is_passed_over() -> None:
    """As it comes in a mail, from `git format-patch`, or in a model's answer."""
    wrapped = f"Here it is:\n```diff\ndiff --git a/a.txt b/a.txt\nindex 1..2 100644\n{CHANGE}```\n-- \n2.39.5\n"

    assert applied(wrapped) == "one\nTWO\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("--- /dev/null\n+++ b/new.txt\n@@ -0,0 +1 @@\n+a\n", (None, "new.txt")),
        ("--- a/old.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", ("old.txt", None)),
        ("--- same.txt\t2026-01-01\n+++ same.txt\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n", ("same.txt", "same.txt")),
        ('--- "a/\\303\\251\\t\\".txt"\n+++ "b/\\303\\251\\t\\".txt"\n@@ -1 +1 @@\n-a\n+b\n', ('é\t".txt', 'é\t".txt')),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n", ("x", "y")),
        ("diff --git a/x b/x\nold mode 100644\nnew mode 100755\n", ("x", "x")),
        ("diff --git a/e b/e\nnew file mode 100644\nindex 0000000..e69de29\n", (None, "e")),
        ("diff --git a/e b/e\ndeleted file mode 100644\nindex e69de29..0000000\n", ("e", None)),
    ],
)
def test_files_are_named_in_every_way_that_git_and_diff_do(text: str, paths: tuple[str | None, str | None]) -> None:
    """New, gone, moved, of another mode, and with names that need quotes."""
    (file,) = parse_patch(text)

    assert (file.old_path, file.new_path) == paths
    back = reversed_patch(file)
    assert (back.new_path, back.old_path) == paths


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the patch names no file: begin each with `--- a/PATH` and `+++ b/PATH`"),
        ("*** Begin Patch\n*** Update File: a.txt\n", "the patch names no file"),
        ("@@ -1 +1 @@\n-a\n+b\n", "line 1 of the patch: a hunk stands before the names of its file"),
        (patch("@@ one @@", "-a"), "line 3 of the patch: '@@ one @@' is no header of a hunk"),
        (patch("@@ ... @@"), "is no header of a hunk"),
        (patch(), "line 1 of the patch: `a.txt` has no hunk"),
        (
            patch("@@ -1,9 +1,9 @@", " one", "-two", "+TWO", " three"),
            "(line 3 of the patch) does not hold what its header counts: for what is there write `@@ -1,3 +1,3 @@`",
        ),
        (patch("@@ -1,1 +1,1 @@", " one", "-two", "+TWO"), "for what is there write `@@ -1,2 +1,2 @@`"),
        (f"{CHANGE}\n{CHANGE}", "`a.txt` stands in the patch twice: put all its hunks under one header"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", "both names of the file are /dev/null"),
        ("diff --git a/l b/l\nnew file mode 120000\n", "makes `a/l b/l` a link or a submodule (mode 120000)"),
        ("diff --git a/l b/l\nnew file mode 160000\n", "a link or a submodule (mode 160000)"),
        ("diff --git a/i b/i\nindex 1..2\nBinary files a/i and b/i differ\n", "as binary, which is not done"),
        ("diff --git a/i b/i\nGIT binary patch\nliteral 0\n", "as binary, which is not done"),
        ("diff --git a/x b/y\ncopy from x\ncopy to y\n", "it copies a file, which is not done"),
        ("diff --git a/x b/y\nindex 1..2\n", "nothing is said of `a/x b/y`"),
    ],
)
def test_a_patch_that_cannot_be_read_is_refused_with_its_line(text: str, told: str) -> None:
    """A model that reads the refusal can mend the patch."""
    with pytest.raises(BadPatch) as refused:
        parse_patch(text)

    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("text", "before", "told"),
    [
        (
            patch("@@ -1,2 +1,2 @@", " one", "-deux", "+TWO"),
            TEXT,
            "does not fit, and nothing was changed: line 2 is 'two', and the patch has 'deux' there",
        ),
        (
            patch("@@ -1 +1 @@", "-one", "+1", "@@ -4,2 +4,2 @@", " four", "-six", "+6"),
            TEXT,
            "hunk 2 of `a.txt` (line 6 of the patch) does not fit, and nothing was changed: line 5 is 'five'",
        ),
        (patch("@@ -1 +1 @@", "-one ", "+1"), TEXT, "which differs in white space alone"),
        (patch("@@ -1 +1 @@", "-one", "+1"), "one\r\n", ", with another line end"),
        (
            patch("@@ -4,3 +4,3 @@", " four", " five", "-six", "+6"),
            TEXT,
            "it goes on with 'six' where the file ends, after line 5",
        ),
        (patch("@@ -9,0 +10 @@", "+ten"), TEXT, "it adds lines at line 10, and the file has 5"),
        (patch("@@ -9 +9 @@", "-a", "+b"), "x\na\na\n", "its lines stand at lines 2 and 3, and not where it says"),
        (
            patch("@@ -2 +2 @@", "-two", "+TWO", "@@ -1 +1 @@", "-one", "+ONE"),
            TEXT,
            "put the hunks in the order of the file",
        ),
        (CHANGE, "one\nTWO\nthree\n", "what it makes is there already, so it was probably applied before"),
        (CHANGE, None, "the patch changes `a.txt`, and there is no such file"),
        ("--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+a\n", TEXT, "the patch makes `a.txt`, which is there already"),
        (
            "--- a/a.txt\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n",
            TEXT,
            "the patch takes `a.txt` away, but not all that is in it",
        ),
    ],
)
def test_a_hunk_that_does_not_fit_is_told_with_what_the_file_has_there(
    text: str, before: str | None, told: str
) -> None:
    """Nothing is matched loosely: a patch in the wrong place is worse than none."""
    with pytest.raises(BadPatch) as refused:
        applied(text, before)

    assert told in str(refused.value)


def test_a_patch_that_is_made_to_take_long_is_refused() -> None:
    """Each hunk that stands elsewhere is looked for in the whole file, so there is a number of those."""
    file = "".join(f"{number}\n" for number in range(200_000))
    hunks = [part for number in range(LOOKED_FOR_MAX + 1) for part in (f"@@ -{300_000} +1 @@", f"-{number * 50}", "+x")]

    with pytest.raises(BadPatch, match=f"more than {LOOKED_FOR_MAX} hunks are not where they say: make the patch anew"):
        applied(patch(*hunks), file)


def test_a_large_patch_of_a_large_file_is_quick() -> None:
    """A hundred thousand lines in ten thousand hunks: the test would be ended otherwise."""
    before = "".join(f"{number}\n" for number in range(100_000))
    hunks = [
        part for number in range(0, 100_000, 10) for part in (f"@@ -{number + 1} +{number + 1} @@", f"-{number}", "+x")
    ]

    after = applied(patch(*hunks), before)

    assert after is not None
    assert after.count("x\n") == 10_000
