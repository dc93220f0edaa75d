"""What the agents of a run did before and after a process was killed, as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.table import Table

from log import Log, Step, steps_of


def work_table(log: Log, *, killed_at: int) -> Table:
    """A row an agent: what it had on record when the process was killed, what was in flight, and what came after."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    for heading in ("", "on record before", "in flight, and begun again", "after"):
        table.add_column(heading)
    steps = steps_of(log.events)
    for agent in dict.fromkeys(step.agent for step in steps):
        own = [step for step in steps if step.agent == agent]
        before = [step for step in own if 0 < step.done_at <= killed_at]
        again = [step for step in own if step not in before and step.intended.tries > 1]
        after = [step for step in own if step not in before and step not in again]
        table.add_row(agent, _counted(before), f"[yellow]{_counted(again)}[/]", _counted(after))
    return table


def _counted(steps: Sequence[Step]) -> str:
    """`5 models, 4 tools`."""
    counts = Counter(step.kind for step in steps)
    return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(counts.items())) or "-"
