"""What the shell offers while a command is typed: graphs of the project, recent runs, keys in its store.

A shell waits for this at every press of a key, so whatever goes wrong here offers nothing and says nothing.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlock.store.rows import RunRow
    from interlock.tenancy import KeyRow

RUNS_OFFERED_MAX: Final = 30


def graph_names(incomplete: str) -> list[str]:
    """The files of the project's folder of graphs and those that come along; others are offered by the shell itself."""
    folders = (folder / "graphs" for folder in (Path.cwd(), *Path.cwd().parents))
    folder = next((folder for folder in folders if folder.is_dir()), None)
    packaged = Path(__file__).parents[1] / "packaged" / "graphs"
    names = {file.stem for each in (folder, packaged) if each is not None for file in each.glob("*.yaml")}
    return sorted(name for name in names if name.startswith(incomplete))


def agent_names(incomplete: str) -> list[str]:
    """The agents of the project's folder and those that come along, by the names of their files; none is loaded."""
    folders = (folder / "agents" for folder in (Path.cwd(), *Path.cwd().parents))
    own = next((folder for folder in folders if folder.is_dir()), None)
    come_along = Path(__file__).parents[1] / "agents" / "built_in"
    names = {file.stem for folder in (own, come_along) if folder is not None for file in folder.glob("*.yaml")}
    return sorted(name for name in names if name.startswith(incomplete))


def pool_names(incomplete: str) -> list[str]:
    """The pools of models that the project declares."""
    return [name for name in _pools() if name.startswith(incomplete)]


def model_names(incomplete: str) -> list[str]:
    """The models of the project's pools, as `provider/model`."""
    names = {model for models in _pools().values() for model in models}
    return sorted(name for name in names if name.startswith(incomplete))


def _pools() -> dict[str, list[str]]:
    from interlock.core.errors import InterlockError
    from interlock.settings import read_settings

    try:
        declared = read_settings().settings.models.pools
    except (InterlockError, OSError):
        return {}
    return {name: [each.model for each in pool.models] for name, pool in declared.items()}


def tool_names(incomplete: str) -> list[str]:
    """The tools of the project, as far as they can be known without asking anybody."""
    try:
        from interlock.cli.invocation import Invocation
        from interlock.cli.opening import project_client

        found = project_client(Invocation()).toolbox.everything()
    except Exception:  # noqa: BLE001 - a boundary: an error would be printed into the line being typed
        return []
    return [tool.name for tool in found if tool.name.startswith(incomplete)]


def statuses(incomplete: str) -> list[str]:
    """Every status a run may have."""
    from interlock.core.lifecycle import RUN_STATUSES

    return [status for status in RUN_STATUSES if status.startswith(incomplete)]


def key_roles(incomplete: str) -> list[str]:
    """The roles that an API key may have."""
    from interlock.tenancy import ROLES

    return [role for role in ROLES if role.startswith(incomplete)]


def key_scopes(incomplete: str) -> list[str]:
    """What an API key may be for, and the same only to look."""
    from interlock.tenancy import AREAS
    from interlock.tenancy.scopes import READ_ONLY

    return [scope for area in AREAS for scope in (area, area + READ_ONLY) if scope.startswith(incomplete)]


def key_ids(incomplete: str) -> list[tuple[str, str]]:
    """The API keys in the project's store that still open something, each with its name."""
    import asyncio

    try:
        rows = asyncio.run(_valid_keys())
    except Exception:  # noqa: BLE001 - a boundary: an error would be printed into the line being typed
        return []
    return [(row.id, f"{row.name}, {row.role} of {row.tenant}") for row in rows if row.id.startswith(incomplete)]


def run_ids(incomplete: str) -> list[tuple[str, str]]:
    """The latest runs of the project's store, each with its graph and status."""
    import asyncio

    try:
        rows = asyncio.run(_latest_runs())
    except Exception:  # noqa: BLE001 - a boundary: an error would be printed into the line being typed
        return []
    return [(row.run, f"{row.graph}, {row.status}") for row in rows if row.run.startswith(incomplete)]


async def _valid_keys() -> list[KeyRow]:
    from interlock.cli.opening import looked_at_all

    if not await _is_up_to_date():
        return []
    now = time.time_ns() // 1_000
    async with looked_at_all(None) as interlock:
        return [row for row in await interlock.keys.listed() if row.status(now) == "valid"]


async def _latest_runs() -> list[RunRow]:
    from interlock.cli.opening import latest_runs

    return await latest_runs(limit=RUNS_OFFERED_MAX) if await _is_up_to_date() else []


async def _is_up_to_date() -> bool:
    """To open the file of an older release would bring it up to date: a key pressed changes nothing."""
    from interlock.bootstrap import schema_of
    from interlock.cli.opening import existing_store

    schema = schema_of(existing_store(None))
    return await schema.version() == schema.newest
