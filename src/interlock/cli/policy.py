"""`interlock policy …`: the rules in force, what is wrong with those that were written, and why they decide so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlock.cli.failures import CommandError, ExitCode
from interlock.cli.options import AsJson
from interlock.cli.policy_words import ACCESSES, EFFECTS, POINTS, RISKS, SAFETY_TIERS

if TYPE_CHECKING:
    from interlock.governance.loading import ReadPolicy
    from interlock.governance.policy import Policy

app = typer.Typer(help="The rules that are asked before every movement.", no_args_is_help=True)


@app.command()
def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES]...", help="Files of rules; without any, the project's.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> int:
    """Check policies: every problem with its line, and what to do about it."""
    from interlock.cli.output import console
    from interlock.governance.loading import load_policy, read_policies
    from interlock.governance.policy_files import policy_source, policy_sources

    sources = [policy_source(file) for file in files] if files else policy_sources(_folder())
    if not sources:
        return _nothing_to_check(as_json=as_json)
    read = read_policies(sources)
    is_valid = not any(each.problems for each in read)
    policy = load_policy(sources) if is_valid else None
    if as_json:
        _print_checks_as_json(read, policy)
    else:
        for each in read:
            _print_check(each)
        if policy is not None:
            console().print(f"policy {policy.short_digest}", style="dim")
    return ExitCode.SUCCEEDED if is_valid else ExitCode.USAGE


def _nothing_to_check(*, as_json: bool) -> int:
    from interlock.cli.output import console, print_json

    if as_json:
        print_json({"files": [], "digest": None})
    else:
        console().print(f"there is no file in {_shown(_folder())}: the default set holds", markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _print_check(read: ReadPolicy) -> None:
    from interlock.cli.output import console

    out = console()
    if read.problems or read.written is None:
        out.print(read.rendered().rstrip(), markup=False, soft_wrap=True)
        return
    count = len(read.written.rules)
    out.print("✓", style="green", end=" ")
    out.print(f"{read.source.source}: {count} rule{'s' * (count != 1)}", markup=False, soft_wrap=True)


def _print_checks_as_json(read: list[ReadPolicy], policy: Policy | None) -> None:
    from interlock.authoring.report import problems_as_json
    from interlock.cli.output import print_json

    listed = [
        {
            "file": each.source.source,
            "policy": each.written.policy if each.written else None,
            "valid": not each.problems,
            "problems": problems_as_json(each.problems, each.source),
        }
        for each in read
    ]
    print_json({"files": listed, "digest": policy.digest if policy else None})


@app.command()
def show(*, as_json: AsJson = False) -> int:
    """Print the rules in force in the order in which they decide, their digest, and where each stands."""
    from interlock.cli.output import console, print_json
    from interlock.cli.policy_table import print_rules
    from interlock.showing.json import plain_data
    from interlock.showing.policies import rules
    from interlock.wire.policies import PolicyInForce

    policy, files = _in_force()
    if as_json:
        told = PolicyInForce(digest=policy.digest, default=not files, files=files, rules=rules(policy))
        print_json(plain_data(told))
        return ExitCode.SUCCEEDED
    where = ", ".join(files) if files else f"the default set: there is no file in {_shown(_folder())}"
    console().print(f"policy {policy.short_digest}, {where}", style="dim", markup=False, soft_wrap=True)
    print_rules(console(), policy)
    return ExitCode.SUCCEEDED


@app.command()
def schema() -> int:
    """Print the JSON Schema of policies, for editors."""
    from interlock.cli.output import print_json
    from interlock.governance import policy_schema

    print_json(policy_schema())
    return ExitCode.SUCCEEDED


@app.command()
def explain(
    *,
    point: Annotated[
        str,
        typer.Option(
            "--point", metavar="POINT", help=f"Where: {', '.join(POINTS)}.", autocompletion=lambda: list(POINTS)
        ),
    ],
    name: Annotated[
        str,
        typer.Option("--name", metavar="NAME", help="The graph, the edge's target, the model, tool, gate or memory."),
    ],
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="The agent that asks. Else the node.")] = "",
    graph: Annotated[str, typer.Option("--graph", metavar="NAME", help="The graph that is being run.")] = "",
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="The node that moves.")] = "",
    tenant: Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose run it is. Else `local`.")] = "local",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="The person or the system that asks.")] = "",
    sources: Annotated[
        list[str] | None, typer.Option("--from", metavar="NODE", help="Of an edge: where it comes from.")
    ] = None,
    effect: Annotated[
        str | None,
        typer.Option(
            "--effect",
            metavar="EFFECT",
            help=f"Of a tool: {', '.join(EFFECTS)}.",
            autocompletion=lambda: list(EFFECTS),
        ),
    ] = None,
    risk: Annotated[
        str | None,
        typer.Option(
            "--risk",
            metavar="RISK",
            help=f"Of a tool: {', '.join(RISKS)}.",
            autocompletion=lambda: list(RISKS),
        ),
    ] = None,
    hosts: Annotated[list[str] | None, typer.Option("--host", metavar="HOST", help="A host it speaks to.")] = None,
    reads: Annotated[list[str] | None, typer.Option("--reads", metavar="FILE", help="Files it reads.")] = None,
    writes: Annotated[list[str] | None, typer.Option("--writes", metavar="FILE", help="Files it writes.")] = None,
    external: Annotated[
        bool | None, typer.Option("--external/--no-external", help="Of a tool: it changes something outside.")
    ] = None,
    safety: Annotated[
        str,
        typer.Option(
            "--safety",
            metavar="TIER",
            help=f"Of a model: {', '.join(SAFETY_TIERS)}.",
            autocompletion=lambda: list(SAFETY_TIERS),
        ),
    ] = "",
    access: Annotated[
        str,
        typer.Option(
            "--access",
            metavar="ACCESS",
            help=f"Of a memory: {', '.join(ACCESSES)}.",
            autocompletion=lambda: list(ACCESSES),
        ),
    ] = "",
    tainted: Annotated[bool, typer.Option("--tainted", help="Untrusted text may have asked for it.")] = False,
    arguments: Annotated[
        list[str] | None,
        typer.Option("--argument", metavar="NAME=JSON", help="Of a tool: what it is given; text needs no quotes."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Say what the policy in force says of one movement, which rule decides, and why the others do not hold.

    What is left out about a tool of the project is what the tool says of itself.
    """
    from interlock.cli.policy_words import checked_word
    from interlock.core.plan import Permissions

    said: dict[str, Any] = {
        "point": checked_word(point, POINTS, "point"),
        "name": name,
        "agent": agent,
        "graph": graph,
        "path": path,
        "tenant": tenant,
        "by": by,
        "sources": tuple(sources or ()),
        "effect": None if effect is None else checked_word(effect, EFFECTS, "effect"),
        "risk": "low" if risk is None else checked_word(risk, RISKS, "risk"),
        "permissions": Permissions(
            hosts=tuple(hosts or ()), reads=tuple(reads or ()), writes=tuple(writes or ()), external=bool(external)
        ),
        "safety": safety and checked_word(safety, SAFETY_TIERS, "tier"),
        "access": access and checked_word(access, ACCESSES, "access"),
        "tainted": tainted,
        "arguments": _read_arguments(arguments) if arguments else None,
    }
    options = {
        "effect": effect,
        "risk": risk,
        "hosts": hosts,
        "reads": reads,
        "writes": writes,
        "external": external,
    }
    given = frozenset(option for option, value in options.items() if value is not None)
    return _explain(said, given, as_json=as_json)


def _explain(said: dict[str, Any], given: frozenset[str], *, as_json: bool) -> int:
    from interlock.cli.invocation import Invocation
    from interlock.cli.opening import project_client
    from interlock.cli.output import console, plain, print_json
    from interlock.cli.policy_table import print_explanation
    from interlock.core.verdicts import Movement
    from interlock.embedded.movements_asked import AskedAbout, asked_about
    from interlock.governance.explaining import explain as explained
    from interlock.showing.json import plain_data
    from interlock.showing.policies import explanation as explanation_shown

    policy, _ = _in_force()
    movement = Movement(**said)
    is_of_tool = movement.point == "tool" and movement.name
    asked = (
        asked_about(movement, project_client(Invocation()).toolbox, given=given) if is_of_tool else AskedAbout(movement)
    )
    explanation = explained(policy, asked.movement)
    if as_json:
        print_json(plain_data(explanation_shown(explanation, asked.movement)))
        return ExitCode.SUCCEEDED
    print_explanation(console(), explanation)
    if asked.note:
        console().print(plain(asked.note), style="dim", markup=False, soft_wrap=True)
    return ExitCode.SUCCEEDED


def _read_arguments(given: list[str]) -> dict[str, Any]:
    from interlock.authoring.yaml_document import read_value

    read: dict[str, Any] = {}
    for each in given:
        name, equals, text = each.partition("=")
        if not (name and equals):
            raise CommandError(f"--argument {each!r} is not of the form NAME=JSON")
        document = read_value(text, source=name)
        read[name] = text if document.problems else document.data
    return read


def _in_force() -> tuple[Policy, list[str]]:
    """The project's policy, and the files it is made of."""
    from interlock.governance.loading import default_policy, load_policy
    from interlock.governance.policy_files import policy_sources

    sources = policy_sources(_folder())
    policy = load_policy(sources) if sources else default_policy()
    return policy, [source.name for source in sources]


def _folder() -> Path:
    """Where the project's rules stand; below the folder one stands in it is named from there."""
    from interlock.cli.opening import configured

    folder = configured().settings.policies
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _shown(folder: Path) -> str:
    from interlock.cli.output import plain

    return plain(str(folder))
