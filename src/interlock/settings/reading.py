"""The settings in force for who stands in a folder.

A flag wins over the environment (`INTERLOCK_…`), that over the project's `interlock.toml`, that over the default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from interlock.core.errors import InterlockError
from interlock.settings.configured import Configured, Origin
from interlock.settings.declaring import Settings
from interlock.settings.layers import from_environment, from_file, from_flags
from interlock.settings.names import nested_by_name
from interlock.settings.wording import told
from interlock.store.places import StorePlace

PROJECT_FILE: Final = "interlock.toml"


class SettingsError(InterlockError):
    """Settings that cannot be used. Every problem that was found is listed, each with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Configured:
    """The settings in force for who stands in a folder. `flags` are by dotted name; those that are None were not given.

    Paths in the file are relative to the project, others to the folder. Raises `SettingsError` with all problems.
    """
    here = (folder or Path.cwd()).absolute()
    file = find_project_file(here)
    project = file.parent if file else here
    layers = [from_file(file), from_environment(os.environ if environment is None else environment)]
    layers.append(from_flags(flags or {}))
    problems = [problem for layer in layers for problem in layer.problems]
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for layer in layers:
        values |= layer.values
        origins |= layer.origins
    settings, wrong = _checked(values, origins)
    if settings is None or problems:
        raise SettingsError([*problems, *wrong])
    return Configured(_absolute(settings, project, here, origins), project, file, origins)


def find_project_file(folder: Path) -> Path | None:
    """The nearest `interlock.toml`, from a folder upwards."""
    candidates = (each / PROJECT_FILE for each in (folder, *folder.parents))
    return next((file for file in candidates if file.is_file()), None)


def _checked(values: Mapping[str, Any], origins: Mapping[str, Origin]) -> tuple[Settings | None, list[str]]:
    try:
        return Settings.model_validate(nested_by_name(values)), []
    except ValidationError as error:
        return None, [told(each["loc"], each["type"], each["msg"], each["input"], origins) for each in error.errors()]


def _absolute(settings: Settings, project: Path, here: Path, origins: Mapping[str, Origin]) -> Settings:
    def base(name: str) -> Path:
        return here if origins.get(name, Origin("default")).source in {"flag", "environment"} else project

    return settings.model_copy(
        update={
            "store": _absolute_place(settings.store, base("store")),
            "graphs": base("graphs") / settings.graphs,
            "policies": base("policies") / settings.policies,
            "secrets": base("secrets") / settings.secrets,
            "tools": _sources(settings.tools, base("tools"), is_default="tools" not in origins),
            "agents": _sources(settings.agents, base("agents"), is_default="agents" not in origins),
        }
    )


def _absolute_place(place: StorePlace, base: Path) -> StorePlace:
    return base / place if isinstance(place, Path) else place


def _sources(named: tuple[str, ...], base: Path, *, is_default: bool) -> tuple[str, ...]:
    """Files and folders as absolute paths, modules by their names. A project without such a folder has none of them."""
    if is_default:
        return tuple(str(base / each) for each in named if (base / each).is_dir())
    return tuple(str(base / each) if _is_path(each, base) else each for each in named)


def _is_path(source: str, base: Path) -> bool:
    return source.endswith((".py", ".yaml", ".yml")) or "/" in source or (base / source).exists()
