"""Which models there are: as declared, by default, and with a server in place of them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.models.pools import Pools, is_own_network
from interlock.models.prices import FREE, PublishedPrices
from tests.models.set_up import START

SCRIPTED: dict[str, Any] = {"script": {"kind": "scripted"}}


def pools(
    providers: Mapping[str, Any] | None = None,
    pools: Mapping[str, Any] | None = None,
    *,
    server: Mapping[str, str] | None = None,
) -> Pools:
    """The pools that are in force."""
    declared = ModelsSettings.model_validate({"providers": providers or {}, "pools": pools or {}})
    return Pools(declared, ModelServer.model_validate(server or {}), PublishedPrices(START))


def test_without_any_word_there_are_no_models() -> None:
    """Nothing is asked that nobody has named."""
    assert (pools().names, pools().models("default")) == ((), ())


def test_a_scripted_provider_alone_is_the_default_pool() -> None:
    """Offline work needs one line of settings; what is written there is good enough for every agent."""
    [model] = pools(SCRIPTED).models("default")

    assert (model.name, model.simulated, model.quality, model.safety, model.price) == (
        "script/scripted",
        True,
        "quality",
        "maximum",
        FREE,
    )


def test_a_declared_pool_has_the_facts_that_were_declared_and_published() -> None:
    """What nobody declares is looked up where it is published."""
    models = pools(
        {"openai": {"kind": "openai"}, "own": {"kind": "openai_compatible", "url": "http://10.0.0.1/v1"}},
        {
            "default": {
                "models": [
                    {"model": "openai/gpt-5-mini", "ceiling": {"input": "90", "output": "90"}},
                    {"model": "own/qwen", "ceiling": {"input": "1", "output": "2"}, "latency_seconds": 2},
                ]
            }
        },
    ).models("default")

    openai, own = models
    assert (openai.host, openai.structured, openai.context) == ("api.openai.com", "native", 400_000)
    assert openai.price is not None
    assert openai.price.source == "published"
    assert (own.host, own.structured, own.latency) == ("10.0.0.1", "told", 2_000_000)
    assert own.price is not None
    assert own.price.source == "ceiling"


def test_a_server_stands_for_every_pool_whatever_is_declared() -> None:
    """Also for pools that only an agent's contract names."""
    replaced = pools(SCRIPTED, server={"url": "http://localhost:8000/v1", "name": "qwen3"})

    assert [model.name for model in replaced.models("default")] == ["server/qwen3"]
    assert replaced.models("default") == replaced.models("any other")
    assert not replaced.models("default")[0].simulated


def test_what_is_missing_where_a_price_is_not_known_is_said_in_the_place_where_it_is_looked_for() -> None:
    """A price in the settings is passed over while one server stands in place of all that is declared there."""
    far = {"url": "https://models.example.com/v1"}
    declared = pools({"far": {"kind": "openai_compatible", **far}}, {"default": {"models": ["far/qwen"]}})
    server = pools(server=far)

    troubles = [each.price_trouble(each.models("default")[0]) for each in (declared, server, pools(SCRIPTED))]

    assert troubles == [
        "its price is unknown: declare its `price`, or a `ceiling` to reckon with",
        "its price is unknown: say as INTERLOCK_MODEL_CEILING what to reckon a million tokens at",
        None,
    ]


@pytest.mark.parametrize(
    ("server", "source"),
    [
        ({"url": "http://localhost:8000/v1"}, "own"),
        ({"url": "https://api.openai.com/v1", "name": "gpt-5-mini"}, "published"),
        ({"url": "https://models.example.com/v1"}, None),
        ({"url": "https://models.example.com/v1", "ceiling": "3"}, "ceiling"),
    ],
)
def test_a_server_far_away_costs_what_is_published_or_declared(server: dict[str, str], source: str | None) -> None:
    """A server of one's own sends no bill; of another's, an unknown price is none that can be held."""
    [model] = pools(server=server).models("default")

    assert (model.price and model.price.source) == source


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        ("http://localhost/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://192.168.1.5/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://gpu.internal/v1", True),
        ("https://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("https://localhost.example.com/v1", False),
    ],
)
def test_the_own_network_is_told_from_the_world(url: str, *, is_own: bool) -> None:
    """By address and by names that only mean something near by."""
    assert is_own_network(url) is is_own
