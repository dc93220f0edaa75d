"""The door to PyYAML: a document's text as a stream of events or tokens, by libyaml where it is built in.

Nothing of PyYAML's own construction of values is used: it would read YAML 1.1, forget positions and drop repeated keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, TypeAlias, cast

import yaml

# Events and tokens are PyYAML's classes, whose stubs leave most attributes open; who reads one names its class first.
Event: TypeAlias = Any
Token: TypeAlias = Any


class YamlParser(Protocol):
    """What is used of PyYAML's loaders. Either method raises `yaml.MarkedYAMLError` where the text is no YAML."""

    def get_event(self) -> Event:
        """The next event, None after the last."""
        ...

    def get_token(self) -> Token:
        """The next token, None after the last."""
        ...


def yaml_parser(text: str) -> YamlParser:
    """A parser of a text at its beginning: libyaml's, many times faster than PyYAML's own, which stands in without it.

    PyYAML's own is also stricter about tabs, and its words for mistakes are mostly passed on as they are.
    """
    # The typeshed's loader classes say nothing of what their methods give.
    return cast("YamlParser", yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text))


def scanned(text: str) -> Iterator[Token]:
    """The tokens of a text that is YAML: its keys, dashes, brackets and scalars, each with where it stands."""
    return iter(yaml_parser(text).get_token, None)
