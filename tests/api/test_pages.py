"""Pages of lists: a cursor is a place that a list gave out, whatever else somebody makes of it."""

from __future__ import annotations

import pytest

from interlock.api.errors import ApiError
from interlock.api.pages import cursor_at, number_of, page_of
from tests.api.running_server import RunningServer


@pytest.mark.parametrize("place", ["x", "", "-1", "1.5", "٣", "1" * 19, "9" * 900])
def test_a_place_that_no_list_wrote_is_refused(place: str) -> None:
    """Anybody can write a cursor that looks like ours: it has to be a page that there is not, and no fault."""
    forged = cursor_at(place, of="keys")

    with pytest.raises(ApiError, match="was not given out by this list"):
        number_of(forged, of="keys")


def test_a_list_goes_on_where_its_page_ended() -> None:
    """The cursors that it does give out lead through all of it."""
    first, behind_first = page_of("abc", limit=2, cursor=None, of="letters")
    rest, behind_rest = page_of("abc", limit=2, cursor=behind_first, of="letters")

    assert (first, rest, behind_rest) == ("ab", "c", None)


@pytest.mark.parametrize(
    ("path", "of"), [("/keys", "keys"), ("/tools", "tools"), ("/questions", None), ("/webhooks", "webhooks")]
)
def test_a_forged_cursor_is_a_page_that_there_is_not(server: RunningServer, path: str, of: object) -> None:
    """What a list is asked for is no secret, so its cursors can be made up."""
    told = server.refused("GET", path, params={"cursor": cursor_at("all", of=of)})

    assert (told["code"], told["field"]) == ("invalid_cursor", "cursor")
