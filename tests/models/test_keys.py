"""Keys: read from whatever holds them, shown to nobody."""

from __future__ import annotations

import pickle
import sys

import pytest

from interlock.core.event_parts import Error
from interlock.models.keys import ModelKey, read_key
from interlock.models.outcomes import ModelRefused
from tests.models.fake_server import FakeServer
from tests.models.set_up import KEY, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop


def test_a_key_prints_as_stars_and_is_not_pickled() -> None:
    """Whatever holds it may be logged."""
    key = ModelKey("openai_key", KEY)

    assert f"{key} {key!r} {[key]}" == "*** *** [***]"
    with pytest.raises(TypeError, match="a key is not pickled"):
        pickle.dumps(key)


@pytest.mark.parametrize("text", ['sk-"quoted"', "sk-back\\slash", "sk-'single'"])
def test_a_key_is_struck_out_however_it_is_quoted(text: str) -> None:
    """Errors show what was sent as Python or as JSON writes it."""
    struck = ModelKey("k", text).strike(f"{text} {text!r} {text.encode()!r}")

    assert text not in struck
    assert "***" in struck


def test_the_end_of_a_line_is_no_part_of_a_key() -> None:
    """Files and variables often have one behind it, and no provider would take it."""
    key = read_key("k", f" {KEY}\n")

    assert isinstance(key, ModelKey)
    assert key.reveal() == KEY


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "its key is missing: give the secret `k` as INTERLOCK_SECRET_K or in the secrets file"),
        (" ", "its key is missing: give the secret `k` as INTERLOCK_SECRET_K or in the secrets file"),
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
    async with FakeServer() as server, gateway({"a": compatible(server.url)}, priced("a/m")) as models:
        outcome = await asked(models)

    told = "a/m: models of kind openai_compatible need packages that are not installed: pip install 'interlock[models]'"
    assert outcome == ModelRefused(Error("refused", told), tries=outcome.tries)
