"""The methods of both clients: written once, typed for each."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Iterator
from operator import attrgetter
from typing import Any, assert_type

import pytest

from interlock.client import AsyncClient, Client
from interlock.client.methods import many, once
from interlock.client.parts import Artifacts, Fleet, Graphs, Jobs, Keys, Schedules
from interlock.client.surface import Surface
from interlock.wire.runs import RunRow

Method = once[..., Any] | many[..., Any]
METHODS: dict[str, Method] = {
    (f"{part.__name__.lower()}." if part is not Surface else "") + name: each
    for part in (Surface, Graphs, Schedules, Keys, Artifacts, Jobs, Fleet)
    for name, each in vars(part).items()
    if isinstance(each, once | many)
}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_says_what_it_does_and_takes_what_its_flow_takes(name: str) -> None:
    """An editor and `help` show what was written once."""
    client = Client("http://localhost", "")

    method = attrgetter(name)(client)

    assert inspect.getdoc(method)
    assert inspect.signature(method).parameters == inspect.signature(METHODS[name].flow).parameters


def test_type_checkers_know_what_comes_back_from_each_client(client: Client) -> None:
    """One declaration serves both: `row` gives a row, and is awaited for one; `runs` is iterated either way."""
    listed = client.runs(graph="nothing-of-this-name")
    awaited = AsyncClient("http://localhost", "").runs()

    assert_type(listed, Iterator[RunRow])
    assert_type(awaited, AsyncGenerator[RunRow])
    assert (list(listed), inspect.isasyncgen(awaited)) == ([], True)
