"""Effects of all runs over HTTP: what was done in the world, and first of all what nobody knows the end of."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from interlock import tool
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Graph, Workshop, making

GRAPHS: dict[str, Graph] = {
    "make": {"nodes": {"a": making("cup"), "b": making("plate", after="a")}},
    "pays": {"nodes": {"p": {"tool": "pay", "input": {}, "timeout": "20ms"}}},
    "tells": {"nodes": {"t": {"emit": "told", "data": {}}}},
}


@tool(effect="once")
async def pay() -> str:
    """Pay, and never hear back."""
    await asyncio.Event().wait()
    return ""


@pytest.fixture(scope="module")
def busy() -> Generator[RunningServer]:
    """A server on which a payment was lost, and other things were done since."""
    with running_server(GRAPHS, [*Workshop().tools, pay]) as running:
        for graph in ("pays", "make", "tells", "make"):
            running.started(graph)
        yield running


def test_what_nobody_knows_the_end_of_comes_first(busy: RunningServer) -> None:
    """It holds something up, and one word of a person ends that."""
    first = busy.get("/effects", params={"limit": 2})
    [doubted] = first["in_doubt"]
    second = busy.get("/effects", params={"limit": 2, "cursor": first["next"]})

    assert (doubted["name"], doubted["status"], doubted["path"]) == ("pay", "unknown", "p")
    assert doubted["actions"] == {"settle": {"allowed": True, "reason": ""}}
    assert "in_doubt" not in second


def test_effects_of_all_runs_are_paged_the_newest_run_first(busy: RunningServer) -> None:
    """Each stands on one page, also where a page ends in the middle of a run."""
    pages = [busy.get("/effects", params={"limit": 1})]
    while pages[-1]["next"] is not None:
        pages.append(busy.get("/effects", params={"limit": 1, "cursor": pages[-1]["next"]}))

    effects = [(effect["name"], effect["path"]) for page in pages for effect in page["effects"]]
    assert effects == [("make", "a"), ("make", "b"), ("told", "t"), ("make", "a"), ("make", "b"), ("pay", "p")]


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"status": "unknown"}, ["pay"]),
        ({"status": ["unknown", "intended"]}, ["pay"]),
        ({"kind": "emit"}, ["told"]),
        ({"name": "make", "status": "done"}, ["make"] * 4),
        ({"graph": "tells"}, ["told"]),
        ({"name": "nothing"}, []),
    ],
)
def test_effects_are_found_by_what_they_are(busy: RunningServer, asked: dict[str, str], names: list[str]) -> None:
    """Which letters were sent since the release, over all runs."""
    assert [effect["name"] for effect in busy.get("/effects", params=asked)["effects"]] == names


@pytest.mark.parametrize("asked", [{"status": "lost"}, {"kind": "wish"}, {"limit": 0}, {"cursor": "nonsense"}])
def test_what_cannot_be_asked_of_effects_is_refused(busy: RunningServer, asked: dict[str, str]) -> None:
    """A filter that is mistyped would else look as if nothing had been done."""
    assert busy.refused("GET", "/effects", params=asked)["code"] in {"invalid_request", "invalid_cursor"}


def test_another_tenant_sees_no_effect_and_a_viewer_settles_none(busy: RunningServer) -> None:
    """The reason stands beside the button."""
    with busy.as_key(key_of(busy, tenant="other")) as other:
        nothing = other.get("/v1/effects").json()
    with busy.as_key(key_of(busy, tenant="local", role="viewer")) as viewer:
        [doubted] = viewer.get("/v1/effects").json()["in_doubt"]

    assert nothing == {"effects": [], "in_doubt": [], "next": None}
    assert doubted["actions"]["settle"]["allowed"] is False
