"""How an MCP server is reached: a program that is started, or an address, with its secrets filled in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from interlock.tools.declared.declaring import McpSource
from interlock.tools.declared.reading import DeclaredSource
from interlock.tools.declared.templates import filled_text, secrets_in
from interlock.tools.secrets import SecretText


class Program(Struct, frozen=True, repr_omit_defaults=True):
    """A server that is started here and spoken to through its standard input and output."""

    command: tuple[str, ...]
    environment: dict[str, str]
    folder: Path

    def __repr__(self) -> str:
        return f"Program({self.command[0]})"


class Address(Struct, frozen=True):
    """A server that is reached over HTTP."""

    url: str
    headers: dict[str, str]
    private_hosts: tuple[str, ...]

    def __repr__(self) -> str:
        return "Address(***)"


Reach: TypeAlias = Program | Address


def secrets_of(source: McpSource) -> tuple[str, ...]:
    """The secrets that a server is reached with."""
    return tuple(sorted(secrets_in([list(source.command or ()), source.env, source.headers])))


def reach_of(declared: DeclaredSource, secrets: Mapping[str, SecretText]) -> Reach:
    """How the server of a file is reached."""
    source = declared.source
    assert isinstance(source, McpSource)
    if source.command is not None:
        words = tuple(filled_text(word, {}, secrets) for word in source.command)
        environment = {name: filled_text(text, {}, secrets) for name, text in source.env.items()}
        return Program(words, environment, declared.file.parent)
    headers = {name: filled_text(text, {}, secrets) for name, text in source.headers.items()}
    return Address(source.url or "", headers, source.private_hosts)
