"""How nodes of runs are written on the command line: `RUN:PATH`. A path may hold colons, the id of a run never does."""

from __future__ import annotations

from interlock.cli.failures import CommandError


def split_address(address: str) -> tuple[str, str]:
    """The run and the path of `RUN:PATH`."""
    run, path = split_run(address)
    if path is None:
        raise _no_node(address)
    return run, path


def split_run(address: str) -> tuple[str, str | None]:
    """The run, and the path if one is given. `RUN:` is neither: what was meant to stand there got lost on the way."""
    run, colon, path = address.partition(":")
    if not run or (colon and not path):
        raise _no_node(address)
    return run, path or None


def _no_node(address: str) -> CommandError:
    return CommandError(f"{address!r} names no node of a run: write RUN:PATH, as `interlock show RUN` lists them")
