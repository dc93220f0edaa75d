"""Keys: read from whatever holds them, shown to nobody."""

from __future__ import annotations

import pickle
import sys

import pytest

from interlock.core.event_parts import Error
from interlock.core.messages import AskedCall, ModelReply, Usage
from interlock.models.keys import ModelKey, read_key
from interlock.models.outcomes import ModelAnswered, ModelRefused
from tests.models.fake_replies import FakeCall, FakeReply
from tests.models.fake_server import FakeServer
from tests.models.set_up import KEY, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop


def test_a_key_prints_as_stars_and_is_not_pickled() -> None:
    """Whatever holds it may be logged."""
    key = ModelKey(KEY)

    assert f"{key} {key!r} {[key]}" == "*** *** [***]"
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(key)


@pytest.mark.parametrize("text", ['sk-"quoted"', "sk-back\\slash", "sk-'single'"])
def test_a_key_is_struck_out_however_it_is_quoted(text: str) -> None:
    """Errors show what was sent as Python or as JSON writes it."""
    struck = ModelKey(text).redaction.text(f"{text} {text!r} {text.encode()!r}")

    assert text not in struck
    assert "***" in struck


def test_the_end_of_a_line_is_no_part_of_a_key() -> None:
    """Files and variables often have one behind it, and no provider would take it."""
    key = read_key("k", f" {KEY}\n")

    assert isinstance(key, ModelKey)
    assert key.reveal() == KEY


@pytest.mark.parametrize("key", ["text", "calls", "usage", "true", "1", "m"])
@in_event_loop
async def test_a_key_that_is_a_word_of_ours_does_no_harm_to_an_answer(key: str) -> None:
    """Servers without keys are given any word as one: an answer keeps its shape, and its letters and digits."""
    call = FakeCall("look", '{"at": 1}', "c1")
    async with (
        FakeServer(FakeReply("many 1", [call])) as server,
        gateway({"a": compatible(server.url)}, priced("a/m"), keys={"model_key": key}) as models,
    ):
        outcome = await asked(models)

    assert isinstance(outcome, ModelAnswered)
    assert outcome.reply == ModelReply(
        "many 1", (AskedCall("c1", "look", {"at": 1}),), "calls", "a/m", Usage(input=20, output=5)
    )


@in_event_loop
async def test_a_key_is_struck_out_of_whatever_a_model_may_say() -> None:
    """Names and ids of calls are text of the model like any other; calls stay apart when both have the key as id."""
    calls = [FakeCall(KEY, f'{{"{KEY}": "{KEY}"}}', KEY), FakeCall("t", f"broken {KEY}", f"{KEY} ")]
    async with FakeServer(FakeReply(KEY, calls)) as server, gateway({"a": compatible(server.url)}, priced("a/m")) as it:
        outcome = await asked(it)

    assert isinstance(outcome, ModelAnswered)
    assert KEY not in repr(outcome)
    assert [call.id for call in outcome.reply.calls] == ["***", "*** "]


@pytest.mark.parametrize("before", ["", "I", "You", "You sent"])
@in_event_loop
async def test_a_key_is_struck_out_of_what_is_told_live_wherever_it_is_cut(before: str) -> None:
    """The server cuts after each eight letters; whoever listens may be recorded, or look over somebody's shoulder."""
    heard: list[str] = []
    async with (
        FakeServer(FakeReply(f"{before}{KEY}.")) as server,
        gateway({"a": compatible(server.url)}, priced("a/m")) as models,
    ):
        outcome = await asked(models, on_token=heard.append)

    assert isinstance(outcome, ModelAnswered)
    assert "".join(heard) == outcome.reply.text == f"{before}***."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "its key is missing: give the secret `k` as INTERLOCK_SECRET_K or in .interlock/secrets.toml"),
        (" ", "its key is missing: give the secret `k` as INTERLOCK_SECRET_K or in .interlock/secrets.toml"),
        ("sk-ü", "its key cannot be sent: the secret `k` has letters that no key has"),
        ("sk-a\nb", "its key cannot be sent: the secret `k` has letters that no key has"),
    ],
)
def test_a_key_that_is_none_is_told_without_showing_it(text: str | None, told: str) -> None:
    """It is seen before anything is sent."""
    assert read_key("k", text) == told


@in_event_loop
async def test_a_missing_package_is_told_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries of providers are an extra."""
    monkeypatch.setitem(sys.modules, "interlock.models.sdk.provider", None)
    provider = {"kind": "anthropic", "key": "model_key"}
    async with gateway({"a": provider}, priced("a/m")) as models:
        outcome = await asked(models)

    told = "a/m: models of kind anthropic need packages that are not installed: pip install 'interlock[models]'"
    assert outcome == ModelRefused(Error("refused", told), tries=outcome.tries)
