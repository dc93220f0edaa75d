"""The default tool that searches the web, by whatever search there is: an endpoint, or texts that stand in for one.

Where there is neither, a call of it is refused: nothing is ever made up. Opens none of the pages that it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field

from interlock.tools.standard.declared import tools_in
from interlock.tools.standard.jobs import refused
from interlock.tools.standard.web import FoundPages, WebSearch
from interlock.tools.tool import Tool, tool

QUERY_CHARACTERS_MAX: Final = 400
RESULTS_MAX: Final = 20
RESULTS_USUAL: Final = 5
_NO_SEARCH: Final = "nothing can be searched here: name an endpoint as `search.url` in interlock.toml"


def web_tools(web: WebSearch | None) -> Sequence[Tool]:
    """`web_search`."""

    @tool(effect="read", hosts=() if web is None else web.hosts)
    async def web_search(
        query: Annotated[str, Field(min_length=1, max_length=QUERY_CHARACTERS_MAX)],
        *,
        results_max: Annotated[int, Field(ge=1, le=RESULTS_MAX)] = RESULTS_USUAL,
    ) -> FoundPages:
        """Search the web and give the best pages: title, address, and what of it fits the query.

        `simulated` says that texts which come along were searched in place of the web. A page is read with api_call.
        """
        if web is None:
            raise refused(_NO_SEARCH)
        return await web.search(query, results_max)

    made = tools_in(web_search)
    return made if web is None else [replace(each, source=web.source) for each in made]
