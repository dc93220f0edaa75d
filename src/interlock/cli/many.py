"""The same asked of many runs: which are meant, whether that is agreed to, and what became of it in each.

Nothing is driven from here: what is asked is on record, and done at once where nothing has to be called for it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, assert_never

from interlock.cli.failures import CommandError, ExitCode, Interrupted
from interlock.cli.invocation import LIVE, Invocation, finished
from interlock.cli.labels import read_labels
from interlock.cli.progress import Progress

if TYPE_CHECKING:
    from interlock.embedded.interlock import Interlock
    from interlock.embedded.selection import Selection
    from interlock.engine.asking import Asked

Act: TypeAlias = Literal["pause", "resume", "cancel", "cancel --rollback", "retry", "rollback"]

REFUSED_SHOWN_MAX: Final = 20

_MEANS: Final[dict[str, str]] = {
    "done": "done",
    "recorded": "on record, for whoever drives them next",
    "left": "left for the processes that drive them",
    "started": "new runs on record, for whichever worker takes them up",
    "refused": "refused",
    "failed": "failed",
}


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Which runs are meant where no run is named, and whether that is only planned, or agreed to."""

    graph: str | None
    status: list[str] | None
    label: list[str] | None
    older_than: str | None
    limit: int | None
    plan: bool
    yes: bool

    def refuse_beside(self, run: str) -> None:
        """A command is about one run or about many: both at once would be a guess."""
        if self._filters or self.plan or self.yes:
            raise CommandError(f"name the run ({run}), or say which runs are meant (--graph, --status, …): not both")

    def of(self, interlock: Interlock) -> Selection:
        """The runs that are meant."""
        if not self._filters:
            raise CommandError("name a run, or say which runs are meant: --graph, --status, --label, --older-than")
        return self.or_all_of(interlock)

    def or_all_of(self, interlock: Interlock) -> Selection:
        """The same for who only looks: where nothing is said, every run is meant."""
        return interlock.selected(
            graph=self.graph,
            statuses=self._statuses(),
            labels=read_labels(self.label or ()),
            older_than=self._age(),
            limit=self.limit,
        )

    @property
    def _filters(self) -> bool:
        return any((self.graph, self.status, self.label, self.older_than))

    def _statuses(self) -> list[str]:
        from interlock.core.lifecycle import RUN_STATUSES

        for status in self.status or ():
            if status not in RUN_STATUSES:
                raise CommandError(f"{status!r} is no status of a run; there are: {', '.join(RUN_STATUSES)}")
        return self.status or []

    def _age(self) -> timedelta | None:
        from interlock.core.durations import DurationProblem
        from interlock.engine.retaining.pruning import parse_age

        try:
            return None if self.older_than is None else timedelta(microseconds=parse_age(self.older_than))
        except DurationProblem as problem:
            raise CommandError(f"--older-than: {problem.message}: {problem.advice}") from problem


def ask_many(
    act: Act,
    chosen: Chosen,
    *,
    by: str,
    why: str,
    store: str | None,
    as_json: bool,
    world: str = LIVE,
    record: Path | None = None,
) -> int:
    """Ask the same of all runs that are meant, once that is agreed to."""
    if world != LIVE or record is not None:
        raise CommandError("of many runs none is driven from here: leave out --world and --record, or name one run")
    on = Invocation(store=store, as_json=as_json, drives=False)
    return finished(_ask_many(act, chosen, on, by=by, why=why))


async def _ask_many(act: Act, chosen: Chosen, on: Invocation, *, by: str, why: str) -> int:
    from interlock.cli.opening import opened, who

    async with opened(on, must_exist=True) as interlock:
        meant = chosen.of(interlock)
        counted = await meant.that_can(act.partition(" ")[0]).counted()
        if chosen.plan:
            _tell_plan(act, counted, on)
            return ExitCode.SUCCEEDED
        if counted and not chosen.yes:
            await _refuse_unless_agreed(act, counted, on)
        asked = _asked(act, meant, by=who(by), why=why)
        return await tell_outcomes(act, asked, counted.total(), on, limit=chosen.limit)


def _asked(act: Act, meant: Selection, *, by: str, why: str) -> AsyncIterator[Asked]:
    match act:
        case "pause":
            return meant.pause(by=by, why=why)
        case "resume":
            return meant.resume(by=by, why=why)
        case "cancel":
            return meant.cancel(by=by, why=why)
        case "cancel --rollback":
            return meant.cancel(rollback=True, by=by, why=why)
        case "retry":
            return meant.retry(by=by, why=why)
        case "rollback":
            return meant.rollback(by=by, why=why)
        case _ as never:
            assert_never(never)


async def _refuse_unless_agreed(act: Act, counted: Counter[tuple[str, str]], on: Invocation) -> None:
    if on.as_json or not sys.stdin.isatty():
        raise CommandError(f"this would {act} {_runs(counted.total())}: agree with --yes")
    from interlock.cli.question import is_agreed

    _tell_plan(act, counted, on)
    if not await is_agreed("agreed?"):
        raise CommandError("nothing was changed", code=ExitCode.NOT_SUCCEEDED)


def _runs(count: int) -> str:
    return f"{count:,} run{'s' * (count != 1)}"


# --- telling ---------------------------------------------------------------------------------------------------------


def _tell_plan(act: Act, counted: Counter[tuple[str, str]], on: Invocation) -> None:
    from interlock.cli.output import console, print_json
    from interlock.showing.acts import act_plan
    from interlock.showing.json import plain_data

    if on.as_json:
        print_json(plain_data(act_plan(act, counted)))
        return
    out = console()
    if not counted:
        out.print(f"no runs to {act}", markup=False)
        return
    from rich.text import Text

    from interlock.cli.narrow_table import Column, print_table
    from interlock.cli.output import plain

    out.print(f"{act} {_runs(counted.total())}", style="bold", markup=False)
    rows = [
        [Text(plain(graph)), Text(status.replace("_", " ")), Text(f"{runs:,}")]
        for (graph, status), runs in sorted(counted.items())
    ]
    print_table(out, (Column("graph", may_be_cut=True), Column("status"), Column("runs")), rows)


async def tell_outcomes(
    act: Act, outcomes: AsyncIterator[Asked], meant: int, on: Invocation, *, limit: int | None = None
) -> int:
    """Tell what becomes of the runs that are asked, and how far it came if somebody breaks it off."""
    import asyncio

    became: Counter[str] = Counter()
    wrong: list[Asked] = []
    started: dict[str, str] = {}
    for_people = Progress(lambda count: f"{act}: {count:,} of {_runs(meant)}", on)
    with for_people:
        try:
            async for asked in outcomes:
                became[asked.became] += 1
                if asked.became == "started":
                    started[asked.run] = asked.told
                elif asked.told:
                    wrong.append(asked)
                for_people.tell(became.total())
        except asyncio.CancelledError:
            raise Interrupted(_interrupted_after(act, became.total(), meant, limit=limit)) from None
    if on.as_json:
        _print_as_json(act, became, wrong, started)
    else:
        _print_outcomes(act, became, wrong)
    return ExitCode.NOT_SUCCEEDED if wrong else ExitCode.SUCCEEDED


def _interrupted_after(act: Act, count: int, meant: int, *, limit: int | None) -> str:
    return f"interrupted after {count:,} of {_runs(meant)}: {_how_to_go_on(act, meant - count, is_cut=limit == meant)}"


def _how_to_go_on(act: Act, left: int, *, is_cut: bool) -> str:
    """What the same command would be about now: of runs that a limit has cut off, it would take others in."""
    if act in {"retry", "rollback"}:
        return "the same command again goes on with those that are left, and is refused by those that were continued"
    if is_cut and left:
        return f"for those that are left, give the same command --limit {left}; as it is, it would take others as well"
    return "the same command again is about those that are left"


def _print_as_json(act: Act, became: Counter[str], wrong: list[Asked], started: dict[str, str]) -> None:
    from interlock.cli.output import print_json
    from interlock.showing.acts import act_report
    from interlock.showing.json import plain_data

    print_json(plain_data(act_report(act, became, started=started, wrong=wrong)))


def _print_outcomes(act: Act, became: Counter[str], wrong: list[Asked]) -> None:
    from interlock.cli.output import console

    out = console()
    for line in _outcome_lines(act, became, wrong):
        out.print(line, markup=False, soft_wrap=True)


def _outcome_lines(act: Act, became: Counter[str], wrong: list[Asked]) -> Iterator[str]:
    from interlock.cli.output import plain

    if not became:
        yield f"no runs to {act}"
    for word, means in _MEANS.items():
        if became[word]:
            yield f"{_runs(became[word])} {means}"
    for asked in wrong[:REFUSED_SHOWN_MAX]:
        yield f"  {asked.run}  {plain(asked.told)}"
    if len(wrong) > REFUSED_SHOWN_MAX:
        yield f"  and {len(wrong) - REFUSED_SHOWN_MAX:,} more: --json lists them all"
