"""The lines in which two texts differ: what is told leads from the one to the other, and never takes long."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from interlock.authoring.text_differences import Hunk, hunks_between

texts = st.lists(st.sampled_from("abc"), max_size=12).map(lambda lines: "".join(f"{line}\n" for line in lines))


def patched(before: str, hunks: list[Hunk]) -> str:
    """The text that comes of the earlier one by its hunks."""
    old, new, at = before.splitlines(), list[str](), 0
    for hunk in hunks:
        new += old[at : hunk.before - 1]
        assert len(new) == hunk.after - 1
        new += [line[1:] for line in hunk.lines if line[0] != "-"]
        at = hunk.before - 1 + sum(line[0] != "+" for line in hunk.lines)
    return "".join(f"{line}\n" for line in [*new, *old[at:]])


@given(texts, texts)
def test_hunks_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    """Whoever applies them has the later text: nothing is left out, and every line number is right."""
    assert patched(before, list(hunks_between(before, after))) == after


def test_texts_that_are_the_same_have_no_hunks() -> None:
    """Also where both hold nothing."""
    assert [list(hunks_between(text, text)) for text in ("", "a\nb\n")] == [[], []]


def test_texts_with_little_in_common_are_told_at_once() -> None:
    """A draft may be pasted over as a whole: its lines are not compared with each of the others."""
    before, after = "".join(f"a{n}\n" for n in range(20_000)), "".join(f"b{n}\n" for n in range(20_000))
    began = time.perf_counter()

    [hunk] = hunks_between(before, after)

    assert len(hunk.lines) == 40_000
    assert time.perf_counter() - began < 2
