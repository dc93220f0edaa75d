"""What the client carries: so little that any program may import it, wherever it runs."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import interlock.client

PUBLIC = sorted(interlock.client.__all__)
ALLOWED = ("interlock.client", "interlock.wire")


def loaded_by(statement: str) -> set[str]:
    """The modules that are loaded in a fresh interpreter which does only this."""
    program = f"{statement}; import sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())


def test_importing_the_client_loads_nothing_of_the_platform() -> None:
    """A program that speaks to a server must not carry one."""
    ours = {name for name in loaded_by("import interlock.client") if name.startswith("interlock")}

    strays = {name for name in ours if not name.startswith(ALLOWED)}

    assert strays == {"interlock", "interlock.core", "interlock.core.errors"}


def test_importing_the_client_loads_no_library_but_the_one_for_its_shapes() -> None:
    """HTTP is loaded with the first request: a command that might never send one starts at once."""
    heavy = {"httpcore", "anyio", "asyncio", "ssl", "fastapi", "starlette", "pydantic", "uvicorn", "httpx"}

    loaded = loaded_by("import interlock.client")

    assert loaded & heavy == set()
    assert "msgspec" in loaded


def test_the_blocking_client_needs_no_event_loop() -> None:
    """Who blocks pays for no asyncio of ours; httpcore's own share of it is httpcore's."""
    loaded = loaded_by("from interlock.client import Client; Client('http://localhost:1').driver")

    assert "interlock.client.async_sending" not in loaded


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_of_the_client_says_what_it_is(name: str) -> None:
    """An editor shows the docstring where the name is written, and nothing else is as near."""
    assert inspect.getdoc(getattr(interlock.client, name))
