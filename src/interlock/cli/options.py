"""Options and arguments that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from interlock.cli.completion import graph_names, run_ids, statuses

PRIORITY_MAX = 1_000

Store: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--store", metavar="FILE|URL", help="Where runs are kept: a file, or postgresql://…. Else the project's."
    ),
]
Tools: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--tools", metavar="FILE|MODULE", help="Where the tools are; may be given again. Else the project's."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]
Run: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="A run, or the beginning of its id.", autocompletion=run_ids)
]
RunIfOne: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="[RUN]",
        help="A run, or the beginning of its id. Without one, all runs that the filters leave.",
        autocompletion=run_ids,
    ),
]
NodeOfRun: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN:PATH", help="A node of a run, as questions name it.", autocompletion=run_ids)
]
GraphArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="GRAPH", help="A graph's file, or the name of one of the project's.", autocompletion=graph_names
    ),
]
By: TypeAlias = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who says so. Else the name you are logged in with.")
]
Why: TypeAlias = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the record.")]
Detach: TypeAlias = Annotated[
    bool, typer.Option("--detach", help="Only record it, without driving the run on from here.")
]
World: TypeAlias = Annotated[
    str, typer.Option("--world", metavar="live|cassette:FILE", help="What answers calls: the tools, or a cassette.")
]
Record: TypeAlias = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE", help="Keep what tools and models answer as a cassette, made anew."),
]
RecordMore: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--record", metavar="FILE", help="Keep what tools and models answer; a cassette that is there is added to."
    ),
]

# --- which runs are meant where none is named ------------------------------------------------------------------------

OfGraph: TypeAlias = Annotated[
    str | None, typer.Option("--graph", metavar="NAME", help="Of many: runs of this graph.", autocompletion=graph_names)
]
OfStatus: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--status", metavar="STATUS", help="Of many: runs of this status; may be given again.", autocompletion=statuses
    ),
]
OfLabel: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="KEY=VALUE", help="Of many: runs with this label; may be given again."),
]
OlderThan: TypeAlias = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Of many: runs that were started longer ago: `2h`.")
]
AtMost: TypeAlias = Annotated[
    int | None, typer.Option("--limit", metavar="N", min=1, help="Of many: so many at most, the newest first.")
]
PlanOnly: TypeAlias = Annotated[bool, typer.Option("--plan", help="Of many: only tell which runs are meant.")]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Of many: agree, without being asked.")]
