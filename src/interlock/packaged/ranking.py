"""Which texts fit a query best: Okapi BM25 over words, up to doubled by how much of its title was asked for. Pure.

Knows no language beyond English plurals and the words that every text has.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from interlock.packaged.corpus import CorpusText

_SATURATION: Final = 1.2
"""k1: how soon a word that is repeated counts no more."""
_LENGTH_WEIGHT: Final = 0.75
"""b: how much a long text is held to its length."""
_PLURAL_LENGTH_MIN: Final = 4
_WORD: Final = re.compile(r"[a-z0-9]+")
_SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s+")
_IN_EVERY_TEXT: Final = frozenset(
    "a about all an and are as at be been best by can do does find for from gather give had has have how i in "
    "information into is it its me more most not of on or should some tell that the their them there these they this "
    "to was were what when where which who why will with you".split()
)


class Ranking(Struct, frozen=True):
    """Texts, and how often each word stands in them: made once, asked often."""

    texts: tuple[CorpusText, ...]
    counts: tuple[Counter[str], ...]
    lengths: tuple[int, ...]
    in_texts: Counter[str]
    """In how many texts each word stands."""


def ranking_of(texts: Sequence[CorpusText]) -> Ranking:
    """What is needed to rank these texts."""
    counts = tuple(Counter(words(text.title) + words(text.text)) for text in texts)
    return Ranking(
        texts=tuple(texts),
        counts=counts,
        lengths=tuple(each.total() for each in counts),
        in_texts=Counter(word for each in counts for word in each),
    )


def best_texts(ranking: Ranking, query: str, *, limit: int) -> list[CorpusText]:
    """The texts that fit, the best first; none where no word of the query stands in any. Ties keep their order."""
    asked = dict.fromkeys(words(query))
    scored = [(_score(ranking, number, asked), number) for number in range(len(ranking.texts))]
    fitting = sorted((-score, number) for score, number in scored if score > 0)
    return [ranking.texts[number] for _, number in fitting[:limit]]


def best_sentence(text: str, query: str) -> str:
    """The sentence that has most of the query's words, the earlier one of equals."""
    asked = set(words(query))
    return max(_SENTENCE_END.split(text), key=lambda sentence: len(asked & set(words(sentence))))


def words(text: str) -> list[str]:
    """The words of a text that tell it from others, plurals as one of them."""
    return [_singular(word) for word in _WORD.findall(text.lower()) if word not in _IN_EVERY_TEXT]


def _singular(word: str) -> str:
    is_plural = len(word) >= _PLURAL_LENGTH_MIN and word.endswith("s") and not word.endswith("ss")
    return word[:-1] if is_plural else word


def _score(ranking: Ranking, number: int, asked: dict[str, None]) -> float:
    counts, length = ranking.counts[number], ranking.lengths[number]
    usual = sum(ranking.lengths) / len(ranking.lengths)
    held_to = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / usual)
    found = sum(
        _rarity(ranking, word) * counts[word] * (_SATURATION + 1) / (counts[word] + held_to)
        for word in asked
        if counts[word]
    )
    title = words(ranking.texts[number].title)
    return found * (1 + sum(word in asked for word in title) / max(len(title), 1))


def _rarity(ranking: Ranking, word: str) -> float:
    """How much a word says: the fewer texts it stands in, the more."""
    having = ranking.in_texts[word]
    return math.log(1 + (len(ranking.texts) - having + 0.5) / (having + 0.5))
