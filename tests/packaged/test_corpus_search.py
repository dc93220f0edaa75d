"""Texts that come along are searched in place of the web, and nobody takes them for it."""

from __future__ import annotations

from pathlib import Path

from tests.packaged.folder import run_in

SNIPPET = (
    "What a turbine can take from the wind grows with the square of the length of its blades and the cube of the speed "
    "of the wind."
)


def test_what_was_found_among_texts_that_come_along_says_so(tmp_path: Path) -> None:
    """A page of the web is somebody's word; these are ours."""
    found = run_in(tmp_path, "tool:web_search", {"query": "wind turbines", "results_max": 1}).outputs["result"]

    assert found == {
        "query": "wind turbines",
        "results": [
            {
                "title": "Wind turbines",
                "url": "corpus:energy/wind-turbines",
                "snippet": SNIPPET,
            }
        ],
        "source": "packaged corpus",
        "simulated": True,
    }


def test_what_nobody_wrote_about_is_not_found(tmp_path: Path) -> None:
    """The nearest text would be passed on as an answer."""
    found = run_in(tmp_path, "tool:web_search", {"query": "xylophones"}).outputs["result"]

    assert (found["results"], found["simulated"]) == ([], True)
