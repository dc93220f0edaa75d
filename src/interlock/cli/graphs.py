"""`interlock graph …`: lists, checks, draws, converts and formats graphs; gives editors the language's schema."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from interlock.cli.completion import graph_names
from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.invocation import Invocation
from interlock.cli.options import AsJson, GraphArgument, Tools
from interlock.cli.reserved_output import write_output

if TYPE_CHECKING:
    from interlock.authoring.drawing.picture import Picture
    from interlock.embedded.graphs import CheckedGraph

app = typer.Typer(help="List, check, draw, convert and format graphs.", no_args_is_help=True)


@app.command("list")
def list_graphs(*, as_json: AsJson = False) -> int:
    """List the graphs that are known by name: what each is for, and where it is; those that come along last."""
    from interlock.cli.graph_table import graph_as_json, print_graphs
    from interlock.cli.opening import project_client
    from interlock.cli.output import console, print_json

    known = project_client(Invocation()).graphs.known()
    if as_json:
        print_json({"graphs": [graph_as_json(each) for each in known]})
    else:
        print_graphs(console(), known)
    return ExitCode.SUCCEEDED


@app.command()
def check(
    graphs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[GRAPH]...",
            help="Files, or names of the project's graphs; without any, all of them.",
            autocompletion=graph_names,
        ),
    ] = None,
    *,
    tools: Tools = None,
    as_json: AsJson = False,
) -> int:
    """Check graphs: every problem with its line, and what to do about it."""
    from interlock.cli.opening import project_client

    client = project_client(Invocation(tools=tools))
    names = graphs or client.graphs.names()
    if not names:
        raise CommandError("there is nothing to check: name a graph's file, or put graphs into the folder `graphs`")
    checked = client.graphs.check_each(names)
    if as_json:
        _print_checks_as_json(checked)
    else:
        _print_checks(checked)
    return ExitCode.SUCCEEDED if all(each.is_valid for each in checked) else ExitCode.USAGE


def _print_checks(checked: list[CheckedGraph]) -> None:
    from interlock.cli.output import console

    out = console()
    for each in checked:
        rendered = each.rendered()
        if rendered:
            out.print(rendered.rstrip(), markup=False, soft_wrap=True)
        if each.is_valid:
            plan = each.compiled.plan
            nodes = sum(len(scope.nodes) for scope in plan.scopes) if plan else 0
            out.print("✓" if not rendered else "!", style="green" if not rendered else "yellow", end=" ")
            counted = "1 node" if nodes == 1 else f"{nodes} nodes"
            out.print(f"{each.name}: {counted}, hash {plan.graph_hash[:12] if plan else ''}", markup=False)


def _print_checks_as_json(checked: list[CheckedGraph]) -> None:
    from interlock.authoring.report import problems_as_json
    from interlock.cli.output import print_json

    listed = [
        {
            "graph": each.name,
            "valid": each.is_valid,
            "hash": each.compiled.plan.graph_hash if each.compiled.plan else None,
            "problems": problems_as_json(each.problems, each.subject),
        }
        for each in checked
    ]
    print_json({"graphs": listed})


@app.command()
def show(
    graph: GraphArgument,
    *,
    format: Annotated[str, typer.Option("--format", help="How: terminal, mermaid or svg.")] = "terminal",
    tools: Tools = None,
) -> int:
    """Draw a graph: as lines, as Mermaid, or as SVG."""
    from interlock.authoring.drawing.picture import boxes_in, picture_of
    from interlock.cli.opening import project_client

    plan, _ = project_client(Invocation(tools=tools)).check(graph).accepted()
    picture = picture_of(plan)
    count = sum(1 for _ in boxes_in(picture))
    if format == "svg" and count > SVG_NODES_MAX:
        raise CommandError(
            f"{plan.name} has {count} nodes, and nobody could read a drawing of more than {SVG_NODES_MAX}: "
            "use --format terminal"
        )
    write_output(_drawn(picture, format))
    return ExitCode.SUCCEEDED


SVG_NODES_MAX: Final = 500


def _drawn(picture: Picture, format: str) -> str:
    match format:
        case "terminal":
            from interlock.authoring.drawing.terminal import as_lines

            return "".join(f"{line}\n" for line in as_lines(picture))
        case "mermaid":
            from interlock.authoring.drawing.mermaid import as_mermaid

            return as_mermaid(picture)
        case "svg":
            from interlock.authoring.drawing.svg import as_svg

            return as_svg(picture)
        case _:
            raise CommandError(f"{format!r} is no way to draw a graph: use terminal, mermaid or svg")


@app.command()
def convert(graph: GraphArgument, *, tools: Tools = None) -> int:
    """Print the graph that a document of another system means, to go on with that."""
    from interlock.authoring.writing import written_graph
    from interlock.cli.opening import project_client

    checked = project_client(Invocation(tools=tools)).check(graph)
    checked.accepted()
    if checked.ours is None:
        raise CommandError(f"{checked.name} is written in the language of Interlock already: use it as it is")
    write_output(written_graph(checked.ours))
    return ExitCode.SUCCEEDED


@app.command()
def schema() -> int:
    """Print the JSON Schema of the graph language, for editors."""
    from interlock.cli.output import print_json
    from interlock.core.graph import graph_schema

    print_json(graph_schema())
    return ExitCode.SUCCEEDED


@app.command()
def fmt(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Graph files.")],
    *,
    write: Annotated[
        bool, typer.Option("--write", "-w", help="Write the files; otherwise the text is printed.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; say which files are not formatted.")] = False,
) -> int:
    """Format graphs: one layout, with every comment and every meaning kept."""
    if write and check:
        raise CommandError("--check changes nothing and --write writes: give one of them")
    from interlock.authoring.formatting import format_yaml

    is_any_other = False
    for file in files:
        text = _read_text(file)
        formatted = format_yaml(text, source=str(file))
        is_other = formatted != text
        is_any_other |= is_other
        # Told file by file: one further on may be missing, and who reads must know what was written before that.
        if write and is_other:
            file.write_text(formatted, encoding="utf-8")
            write_output(f"{file}: formatted\n")
        elif check and is_other:
            write_output(f"{file}: is not formatted\n")
        elif not (write or check):
            write_output(formatted)
    return ExitCode.NOT_SUCCEEDED if check and is_any_other else ExitCode.SUCCEEDED


def _read_text(file: Path) -> str:
    from interlock.authoring.limits import Limits
    from interlock.embedded.source_files import read_source

    bytes_max = Limits().document_bytes
    try:
        text = read_source(file, bytes_max=bytes_max)
        if len(text) > bytes_max:
            raise CommandError(f"{file} has more than {bytes_max:,} bytes: divide it")
        return io.StringIO(text.decode(), newline=None).read()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is not UTF-8: save it as UTF-8") from error
