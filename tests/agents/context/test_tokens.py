"""Counting tokens without a vocabulary: the same everywhere, and on the careful side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.agents.context.tokens import CLIPPED_CHARS_MAX, clipped, shortened, tokens_of

TEXTS = st.text(st.characters(codec="utf-8"), max_size=400) | st.text("ab \n01(){}é漢🏳", max_size=400)

TRACE = """Traceback (most recent call last):
  File "/app/service/handlers/payments.py", line 142, in process
    result = self._gateway.charge(amount=invoice.total_cents, currency=invoice.currency)
ValueError: unsupported currency 'XBT' for account acct_1Hh1zz2eZvKYlo2C
"""


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        # What o200k_base counts, taken with a tokenizer that has the vocabulary.
        (TRACE, 72),
        ("Die Anzahl der Wörter, die in einem Kontext stehen dürfen, ist begrenzt. ", 18),
        ('{"id": 1, "name": "item 1", "price": 3.7, "ok": false}', 27),
        ("上下文中可以包含的词语数量是有限的，因此我们会计算进入其中的内容。", 21),
    ],
)
def test_an_estimate_is_near_what_a_vocabulary_counts_and_seldom_below(text: str, counted: int) -> None:
    """Too low a count would pass a limit that the provider then enforces."""
    assert counted * 0.95 <= tokens_of(text) <= counted * 1.6


@given(TEXTS, st.integers(0, 100))
def test_a_shortened_text_is_never_longer_than_it_may_be(text: str, tokens: int) -> None:
    """The budget is kept by this."""
    assert tokens_of(shortened(text, tokens)) <= tokens


@given(TEXTS, TEXTS)
def test_texts_on_lines_of_their_own_take_no_more_together_than_apart(one: str, other: str) -> None:
    """What fits piece by piece fits as a whole."""
    assert tokens_of(f"{one}\n{other}") <= tokens_of(one) + tokens_of(other) + 1


@pytest.mark.parametrize("letters", ["word ", "字", "🙂"])
def test_a_text_without_end_is_counted_and_shortened_by_its_ends_alone(letters: str) -> None:
    """A tool may give sixty megabytes: a turn must not take a minute for them, nor take them for little."""
    text = letters * (4_000_000 // len(letters))

    assert tokens_of(text) > 1_000_000 < tokens_of(" " * 4_000_000)
    short = shortened(text, 1_000)
    assert tokens_of(short) <= 1_000
    assert short.startswith(letters)
    assert short.endswith(letters)


def test_what_no_context_could_hold_is_kept_without_its_middle() -> None:
    """State and requests stay small, whatever a tool gives."""
    text = "a" * 300_000 + "b" * 300_000

    kept = clipped(text)

    assert clipped("a" * CLIPPED_CHARS_MAX) == "a" * CLIPPED_CHARS_MAX
    assert len(kept) < CLIPPED_CHARS_MAX + 100
    assert (kept[:10], kept[-10:]) == ("a" * 10, "b" * 10)
    assert "[… 200,000 characters are left out here …]" in kept
