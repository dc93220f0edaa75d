"""What commands write for programs."""

from __future__ import annotations

import json

import pytest

from interlock.cli.output import JsonListing, print_json

SEVERAL: list[object] = [{"a": "x\ny", "b": []}, [[], {}], "é"]


@pytest.mark.parametrize("items", [[], [1], SEVERAL], ids=["none", "one", "several"])
def test_a_list_that_is_written_item_by_item_reads_as_if_it_was_written_at_once(
    items: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody who reads it has to know how long it may become."""
    print_json({"run": "r1", "path": None, "steps": items})
    at_once = capsys.readouterr().out

    write_listing({"run": "r1", "path": None}, items)

    assert (capsys.readouterr().out, json.loads(at_once)["steps"]) == (at_once, items)


def write_listing(head: dict[str, object], items: list[object]) -> None:
    """A list of steps, step by step."""
    listing = JsonListing(head, "steps")
    for item in items:
        listing.add(item)
    listing.end()


def test_of_a_list_nothing_is_written_before_its_first_item(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever finds that there is nothing to list may say something else instead."""
    listing = JsonListing({"run": "r1"}, "steps")

    assert (capsys.readouterr().out, listing.is_empty) == ("", True)
