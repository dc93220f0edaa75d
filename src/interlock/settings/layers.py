"""What each place says: the file of the project, the environment, the flags of a command line.

A layer is read and its names are judged; whether its values will do is not known before all are together.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from interlock.core.problems import nearest
from interlock.core.values import is_map
from interlock.settings.configured import Origin
from interlock.settings.declaring import OWN_NAMES, SETTING_NAMES
from interlock.settings.lines import line_of
from interlock.settings.names import flattened

ENVIRONMENT_PREFIX: Final = "INTERLOCK_"
_SECRETS_PREFIX: Final = "INTERLOCK_SECRET_"
_OF_CLIENTS: Final = frozenset({"INTERLOCK_URL", "INTERLOCK_KEY"})
"""Where programs elsewhere find a server, and with which key: no settings of whoever runs here."""
_OTHER_FLAGS: Final = {"worker.pools": "--pool", "worker.tags": "--tag", "worker.grace_seconds": "--grace"}
"""The flags that are not called as their settings: those that are given again and again, and one that is short."""
_LISTS: Final = ("tools", "agents", "plugins", "sandbox.tiers", "worker.pools", "worker.tags")
_BY_VARIABLE: Final = {f"{ENVIRONMENT_PREFIX}{name.replace('.', '_').upper()}": name for name in SETTING_NAMES}


@dataclass
class Layer:
    """What one place says, by dotted name, and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict[str, Any])
    origins: dict[str, Origin] = field(default_factory=dict[str, Origin])
    problems: list[str] = field(default_factory=list[str])


def from_file(file: Path | None) -> Layer:
    """What the project's file says, each value with its line."""
    layer = Layer()
    if file is None:
        return layer
    try:
        text = file.read_text(encoding="utf-8")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        layer.problems.append(f"{file} cannot be read: {error}")
        return layer
    except tomllib.TOMLDecodeError as error:
        layer.problems.append(f"{file} is not TOML: {error}")
        return layer
    except RecursionError:
        layer.problems.append(f"{file} is nested too deeply to be settings")
        return layer
    for own in (name for name in OWN_NAMES if name in table):
        named = layer.values[own] = table.pop(own)
        for name in _origin_names(own, named):
            layer.origins[name] = Origin("file", f"{file}:{line_of(text, name)}")
    for name, value in flattened(table).items():
        where = f"{file}:{line_of(text, name)}"
        if name in SETTING_NAMES:
            layer.values[name] = value
            layer.origins[name] = Origin("file", where)
        else:
            layer.problems.append(f"{where}: {_unknown(name, SETTING_NAMES)}")
    return layer


def _origin_names(own: str, named: object) -> list[str]:
    """What of a table with names of one's own has a place: each of them, or of models each provider and pool."""
    if not is_map(named):
        return [own]
    parts = [f"{own}.{each}" for each in named]
    if own != "models":
        return parts
    inner = [f"{own}.{each}.{name}" for each, table in named.items() if is_map(table) for name in table]
    return [*inner, *parts, own]


def from_environment(environment: Mapping[str, str]) -> Layer:
    """What variables say whose names begin as ours do; those of secrets are not looked at."""
    layer = Layer()
    for variable, text in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable.startswith(_SECRETS_PREFIX) or not text:
            continue
        if variable in _OF_CLIENTS:
            continue
        name = _BY_VARIABLE.get(variable)
        if name is None:
            layer.problems.append(f"the environment: {_unknown(variable, _BY_VARIABLE)}")
        else:
            layer.values[name] = text.split(os.pathsep) if name in _LISTS else text
            layer.origins[name] = Origin("environment", variable)
    return layer


def from_flags(flags: Mapping[str, Any]) -> Layer:
    """What a command line says."""
    given = {name: value for name, value in flags.items() if value is not None}
    return Layer(given, {name: Origin("flag", _flag(name)) for name in given})


def _flag(name: str) -> str:
    """How a setting is given on a command line."""
    return _OTHER_FLAGS.get(name) or f"--{name.rpartition('.')[2].replace('_', '-')}"


def _unknown(name: str, known: Mapping[str, str] | tuple[str, ...]) -> str:
    meant = nearest(name, known)
    return f"`{name}` is no setting" + (f"; did you mean `{meant}`?" if meant else f"; there are: {', '.join(known)}")
