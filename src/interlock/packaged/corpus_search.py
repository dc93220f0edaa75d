"""Searching the texts that come along, in place of the web: truly ranked, and always marked as simulated."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Final

from interlock.packaged.corpus import read_corpus
from interlock.packaged.places import CORPUS, PACKAGED
from interlock.packaged.ranking import Ranking, best_sentence, best_texts, ranking_of
from interlock.tools.standard.web import FoundPage, FoundPages, WebSearch

SOURCE: Final = "packaged corpus"


def corpus_search() -> WebSearch:
    """The search of what comes along. It is read when it is searched first, and speaks to no host."""
    ranking = cache(_read_ranking)

    async def search(query: str, results_max: int) -> FoundPages:
        ranked = await asyncio.to_thread(ranking)
        found = [
            FoundPage(text.title, text.url, best_sentence(text.text, query))
            for text in best_texts(ranked, query, limit=results_max)
        ]
        return FoundPages(query, found, source=SOURCE, simulated=True)

    return WebSearch(search, source=PACKAGED)


def _read_ranking() -> Ranking:
    return ranking_of(read_corpus(CORPUS))
