"""Texts that come along are truly ranked: what is searched for decides what is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.packaged.corpus import CorpusText, read_corpus
from interlock.packaged.places import CORPUS
from interlock.packaged.ranking import best_sentence, best_texts, ranking_of

TEXTS = read_corpus(CORPUS)
RANKING = ranking_of(TEXTS)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("analyze quantum computing", "corpus:computing/quantum-computing"),
        ("gather solar panel information", "corpus:energy/solar-panels"),
        ("find API design best practices", "corpus:software/api-design-best-practices"),
        ("What is machine learning?", "corpus:computing/machine-learning"),
        ("JWT", "corpus:software/json-web-tokens"),
    ],
)
def test_what_people_ask_for_is_found_first(query: str, first: str) -> None:
    """These are the questions of the READMEs."""
    assert best_texts(RANKING, query, limit=3)[0].url == first


def test_a_rare_word_says_more_than_a_common_one() -> None:
    """Else the longest text would always win."""
    texts = [
        CorpusText("One", "corpus:x/one", "rail rail rail rail"),
        CorpusText("Two", "corpus:x/two", "points"),
        CorpusText("Three", "corpus:x/three", "rail"),
        CorpusText("Four", "corpus:x/four", "rail"),
    ]

    assert best_texts(ranking_of(texts), "rail points", limit=3)[0].title == "Two"


@pytest.mark.parametrize("query", ["xylophones", "what is the", "", "…"])
def test_what_no_text_speaks_of_is_not_found(query: str) -> None:
    """The next best thing would be passed on as an answer."""
    assert best_texts(RANKING, query, limit=3) == []


@given(query=st.text(), limit=st.integers(1, 10))
def test_whatever_is_asked_no_text_is_given_twice_or_beyond_the_limit(query: str, limit: int) -> None:
    """Queries are written by models."""
    found = [each.url for each in best_texts(RANKING, query, limit=limit)]

    assert len(found) == len(set(found)) <= limit


def test_the_sentence_that_fits_stands_for_its_text() -> None:
    """What is quoted must say what was asked for."""
    text = "Rails are long. Points are moved by levers. Levers are painted."

    assert best_sentence(text, "who moves points") == "Points are moved by levers."


def test_every_text_has_an_address_of_its_own_and_something_to_say() -> None:
    """An address that means two texts is no source."""
    assert len({each.url for each in TEXTS}) == len(TEXTS) > 30
    assert all(len(each.text) > 100 for each in TEXTS)


def test_a_file_may_hold_several_texts(tmp_path: Path) -> None:
    """A title begins each."""
    (tmp_path / "rail.md").write_text("# Points & levers\n\nMoved\nby hand.\n\n# Signals\n\nClear.\n")

    assert read_corpus(tmp_path) == (
        CorpusText("Points & levers", "corpus:rail/points-levers", "Moved by hand."),
        CorpusText("Signals", "corpus:rail/signals", "Clear."),
    )
