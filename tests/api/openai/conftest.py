"""One server in front of a provider that answers as each test says, and OpenAI's own library as the client."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from tests.api.openai.fake_provider import FakeProvider, fake_provider
from tests.api.running_server import RunningServer, running_server

PRICE = {"input": "1", "output": "2"}
SCRIPT = "turns: [{say: Nobody was asked.}]\n"


@pytest.fixture(scope="session")
def provider() -> Generator[FakeProvider]:
    """What stands in for OpenAI."""
    with fake_provider() as provider:
        yield provider


def models_of(url: str, scripts: Path) -> dict[str, Any]:
    """A pool of two models for most tests, one that is asked once, and one of scripts."""
    return {
        "providers": {
            "fake": {"kind": "openai_compatible", "url": url, "key": "model_key", "attempts": 1},
            "scripts": {"kind": "scripted", "path": str(scripts)},
        },
        "pools": {
            "default": {"models": [{"model": "fake/first", "price": PRICE}]},
            "two": {"models": [{"model": "fake/first", "price": PRICE}, {"model": "fake/second", "price": PRICE}]},
            "told": {"models": ["scripts/scripted"]},
        },
    }


@pytest.fixture(scope="session")
def gateway(provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Generator[RunningServer]:
    """A server on loopback that asks for no key, in front of the provider."""
    scripts = tmp_path_factory.mktemp("scripts")
    (scripts / "any.yaml").write_text(SCRIPT)
    models = models_of(provider.url, scripts)
    with running_server({}, models=models, secrets={"model_key": "sk-planted-0123456789"}) as running:
        yield running


@pytest.fixture(scope="session")
def client(gateway: RunningServer) -> Generator[OpenAI]:
    """OpenAI's library as everybody has it, with another base URL and nothing else changed."""
    with OpenAI(base_url=f"{gateway.url}/openai/v1", api_key="sk-any-text", max_retries=0, timeout=20) as client:
        yield client
