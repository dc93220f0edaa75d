"""A patch makes of one text exactly the other, and taken back exactly the first again."""

from __future__ import annotations

import difflib
from contextlib import suppress

from hypothesis import assume, given
from hypothesis import strategies as st

from interlock.tools.standard.patches import BadPatch, parse_patch, patched, reversed_patch

LINES = st.lists(
    st.sampled_from(["a\n", "b\n", "\n", " c\n", "-- d\n", "+++ e\n", "@@ f\n", "g\r\n", "\x0bh\n", "é\n"]), max_size=12
)
TEXTS = st.tuples(LINES, st.sampled_from(["", "end", "-", "\\"])).map(lambda parts: "".join(parts[0]) + parts[1])


def diff_of(before: str, after: str) -> str:
    """What `diff -u` writes."""
    lines = difflib.unified_diff(split(before), split(after), "a/file.txt", "b/file.txt", n=2)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def split(text: str) -> list[str]:
    """Lines that end with a line feed and nothing else."""
    return [f"{line}\n" for line in text.split("\n")[:-1]] + [last for last in [text.rpartition("\n")[2]] if last]


@given(TEXTS, TEXTS.filter(bool))
def test_a_diff_applied_gives_the_other_text_and_reversed_the_first(before: str, after: str) -> None:
    """Whatever stands in the lines, also what looks like a header of a patch."""
    assume(before != after)

    (patch,) = parse_patch(diff_of(before, after))

    assert patched(patch, before) == after
    assert patched(reversed_patch(patch), after) == before


@given(st.text(alphabet="ab \n+-@\\,0123/", max_size=200), TEXTS)
def test_text_that_is_no_patch_is_refused_or_applied_and_nothing_else(noise: str, before: str) -> None:
    """A model writes anything: there is an answer to all of it."""
    with suppress(BadPatch):
        for patch in parse_patch(f"--- a/f\n+++ b/f\n@@ -1 +1 @@\n{noise}"):
            patched(patch, before)
