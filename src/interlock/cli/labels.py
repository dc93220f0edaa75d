"""Labels as they are written on a command line: `team=core`."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.cli.failures import CommandError


def read_labels(written: Iterable[str]) -> dict[str, str]:
    """The labels by name; of a name that is given twice, the last."""
    labels: dict[str, str] = {}
    for each in written:
        name, equals, value = each.partition("=")
        if not name or not equals:
            raise CommandError(f"`--label {each}` is no label with its value: write `--label team=core`")
        labels[name] = value
    return labels
