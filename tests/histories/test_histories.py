"""Runs recorded by earlier releases: each later one reads them, decides them alike, and tells them alike, for ever."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from types import UnionType
from typing import Literal, Union, get_args, get_origin

import pytest
from msgspec import Struct, structs

from interlock.core.compile import open_bundle
from interlock.core.decide import Need
from interlock.core.events import Body, Event
from interlock.core.plan import Plan
from interlock.core.state import RunState, encode_state
from interlock.core.values import Packer, decode
from interlock.core.verify import Verification, bundle_in_force
from interlock.store.sealing import unseal_all
from tests.histories.history import History, came_to, names, read_history
from tests.histories.recording import INLINE_BYTES_MAX
from tests.histories.recordings import HISTORIES

every_history = pytest.mark.parametrize("name", names())


def opened(history: History) -> tuple[Plan, list[Event]]:
    """The plan of its bundle, and its events, checked against the head that was kept beside them."""
    return open_bundle(history.bundle), unseal_all(history.events, run=history.run, head=history.head)


def verified(history: History) -> Verification:
    """A verification that has gone through the whole log."""
    plan, events = opened(history)
    packer = Packer(history.blob_key, inline_bytes_max=INLINE_BYTES_MAX)
    verification = Verification(plan, RunState(history.run), events, packer)
    values = {digest: decode(data) for digest, data in history.blobs.items()}
    assert verification.go_on(values) is None
    return verification


@every_history
def test_it_is_read_as_it_was_written(name: str) -> None:
    """Nothing of a stored event may be lost on a new release, nor its bundle mean another graph."""
    history = read_history(name)

    plan, events = opened(history)

    assert plan.bundle_hash == bundle_in_force(events)
    assert all(hmac.digest(history.blob_key, data, "sha256").hex() == at for at, data in history.blobs.items())


@every_history
def test_every_decision_in_it_comes_out_the_same(name: str) -> None:
    """A behaviour of `decide` never changes within a version of the language (rule 8 of the design)."""
    history = read_history(name)

    verification = verified(history)

    assert verification.state.seq == len(history.events)


@every_history
def test_it_comes_to_what_it_came_to(name: str) -> None:
    """Who looks at an old run sees what was seen then."""
    history = read_history(name)
    plan, events = opened(history)

    assert came_to(plan, history.run, events) == history.came_to


@every_history
def test_it_gives_the_same_state_each_time(name: str) -> None:
    """Also after a look at every beginning of it."""
    history = read_history(name)
    plan, events = opened(history)

    beginnings = [came_to(plan, history.run, events[:end])["status"] for end in range(1, len(events) + 1)]

    assert encode_state(verified(history).state) == encode_state(verified(history).state)
    assert beginnings[-1] == history.came_to["status"]
    assert set(beginnings[:-1]) <= {"running", "waiting", "paused", "compensating"}


def test_an_event_of_every_type_stands_in_one_of_them() -> None:
    """What no history holds, no later release is held to."""
    types = {event.type for event in all_events()}

    assert types == {str(body.__struct_config__.tag) for body in get_args(Body)}


def test_every_word_that_an_event_has_stands_in_one_of_them() -> None:
    """What is a word today (a verdict, a cause, a class of effects) is one that later releases have to understand."""
    said = {(event.type, key, getattr(event.body, key)) for event in all_events() for key in words_of(type(event.body))}

    assert said >= {
        (str(body.__struct_config__.tag), key, word)
        for body in get_args(Body)
        for key, words in words_of(body).items()
        for word in words
    }


def all_events() -> Iterator[Event]:
    """Every event of every history."""
    for name in names():
        yield from opened(read_history(name))[1]


def words_of(body: type[Struct]) -> dict[str, tuple[str, ...]]:
    """The fields of an event that hold one of some words, and these."""
    found = {field.name: tuple(_words_in(field.type)) for field in structs.fields(body)}
    return {name: words for name, words in found.items() if words}


def _words_in(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in {Union, UnionType}:
        for part in get_args(annotation):
            yield from _words_in(part)


def test_every_history_that_can_be_recorded_is_here() -> None:
    """One that was written and not recorded would be missed only when it is too late."""
    assert names() == sorted(HISTORIES)


def test_values_that_lie_elsewhere_are_needed_to_verify() -> None:
    """Histories hold blobs and growing lists as well: without them verification asks for what it cannot do without."""
    history = read_history("scopes")
    plan, events = opened(history)
    packer = Packer(history.blob_key, inline_bytes_max=INLINE_BYTES_MAX)

    found = Verification(plan, RunState(history.run), events, packer).go_on({})

    assert isinstance(found, Need)
