"""Labels as they are written on a command line: `team=core`."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.cli.failures import CommandError


def read_labels(written: Iterable[str]) -> dict[str, str]:
    """The labels by name; of a name that is given twice, the last."""
    pairs = [each.partition("=") for each in written]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise CommandError(f"`--label {name}` is no label with its value: write `--label team=core`")
    return {name: value for name, _, value in pairs}
