"""`interlock`: the commands, and the boundary at which every error becomes a message and an exit code.

Only what `--help` needs is imported here; a command imports the rest when it runs.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from typing import Annotated, Any, Final

import typer
from typer.exceptions import Abort, Exit, TyperException

from interlock.cli import (
    agents,
    ask,
    backing_up,
    changing,
    conformance,
    costing,
    differing,
    fleet,
    forking,
    graphs,
    keys,
    looking,
    mcp,
    models,
    people,
    plugins,
    policy,
    project,
    pruning,
    releasing,
    replaying,
    run_files,
    running,
    schedules,
    schema,
    serving,
    sinks,
    tools,
)
from interlock.cli.failures import CommandError, ExitCode, Failure, failure_of
from interlock.cli.invocation import terminated_as_interrupted
from interlock.cli.own_output import OutputError, own_output

app = typer.Typer(
    name="interlock",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Run graphs of agents, tools, gates and people, durably, and know why each step was taken.",
)

_START = "Start"
_LOOK = "Look"
_PEOPLE = "Answer"
_CHANGE = "Change a run"
_KEEP = "Keep and give up"
_RELEASE = "Release"

app.command("init", rich_help_panel=_START)(project.init)
app.command("run", rich_help_panel=_START)(running.run)
app.command("ask", rich_help_panel=_START)(ask.ask)
app.command("resume", rich_help_panel=_START)(running.resume)
app.command("up", rich_help_panel=_START)(serving.up)
app.command("serve", rich_help_panel=_START)(serving.serve)
app.command("worker", rich_help_panel=_START)(serving.worker)
app.command("mcp", rich_help_panel=_START)(mcp.mcp)
app.command("config", rich_help_panel=_START)(project.config)
app.add_typer(graphs.app, name="graph", rich_help_panel=_START)
app.add_typer(tools.app, name="tools", rich_help_panel=_START)
app.command("plugins", rich_help_panel=_START)(plugins.plugins)
app.add_typer(schema.app, name="store", rich_help_panel=_START)
app.add_typer(policy.app, name="policy", rich_help_panel=_START)
app.add_typer(agents.app, name="agents", rich_help_panel=_START)
app.add_typer(models.app, name="models", rich_help_panel=_START)
app.add_typer(keys.app, name="keys", rich_help_panel=_START)
app.command("conformance", rich_help_panel=_START)(conformance.conformance)

app.command("runs", rich_help_panel=_LOOK)(looking.runs)
app.command("show", rich_help_panel=_LOOK)(looking.show)
app.command("events", rich_help_panel=_LOOK)(looking.events)
app.command("inspect", rich_help_panel=_LOOK)(looking.inspect)
app.command("effects", rich_help_panel=_LOOK)(looking.effects)
app.command("costs", rich_help_panel=_LOOK)(costing.costs)
app.command("replay", rich_help_panel=_LOOK)(replaying.replay)
app.command("diff", rich_help_panel=_LOOK)(differing.diff)
app.command("workers", rich_help_panel=_LOOK)(fleet.workers)
app.command("queue", rich_help_panel=_LOOK)(fleet.queue)

app.add_typer(sinks.app, name="sinks", rich_help_panel=_LOOK)

app.command("answer", rich_help_panel=_PEOPLE)(people.answer)
app.command("verdict", rich_help_panel=_PEOPLE)(people.verdict)
app.command("remedy", rich_help_panel=_PEOPLE)(people.remedy)
app.command("settle", rich_help_panel=_PEOPLE)(people.settle)
app.command("send", rich_help_panel=_PEOPLE)(people.send)

app.command("pause", rich_help_panel=_CHANGE)(changing.pause)
app.command("cancel", rich_help_panel=_CHANGE)(changing.cancel)
app.command("complete", rich_help_panel=_CHANGE)(changing.complete)
app.command("retry", rich_help_panel=_CHANGE)(changing.retry)
app.command("rollback", rich_help_panel=_CHANGE)(changing.rollback)
app.command("fork", rich_help_panel=_CHANGE)(forking.fork)

app.command("prune", rich_help_panel=_KEEP)(pruning.prune)
app.command("export", rich_help_panel=_KEEP)(run_files.export)
app.command("import", rich_help_panel=_KEEP)(run_files.import_file)
app.command("signer", rich_help_panel=_KEEP)(run_files.signer)
app.command("backup", rich_help_panel=_KEEP)(backing_up.backup)
app.command("restore", rich_help_panel=_KEEP)(backing_up.restore)

app.command("release", rich_help_panel=_RELEASE)(releasing.release)
app.command("releases", rich_help_panel=_RELEASE)(releasing.releases)
app.command("migrate", rich_help_panel=_RELEASE)(releasing.migrate)
app.add_typer(schedules.app, name="schedules", rich_help_panel=_RELEASE)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"interlock {version('interlock')}")
        raise Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print where an error came from.")] = False,
) -> None:
    """What concerns every command. `--debug` is read at the boundary."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command line and say how it went."""
    words = sys.argv[1:] if arguments is None else arguments
    _prepare_streams()
    try:
        with own_output():
            with _output_for(words):
                code = _run(words)
            sys.stdout.flush()
    except BrokenPipeError:
        _say_no_more()
        return ExitCode.READER_GONE
    except OSError as error:
        _say_no_more()
        return _told(Failure("Output", f"the output cannot be written: {error.strerror}", ExitCode.NOT_SUCCEEDED), [])
    return code


def _prepare_streams() -> None:
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            # Closed by whoever started the program: what is said is heard by nobody, and that is no error.
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open as long as the program
        elif isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character still shows the rest.
            stream.reconfigure(errors="backslashreplace")


def _output_for(words: list[str]) -> AbstractContextManager[None]:
    if "--json" not in words or not {"--help", "-h"}.isdisjoint(words):
        return nullcontext()
    from interlock.cli.reserved_output import reserved_output

    return reserved_output()


def _run(words: list[str]) -> int:
    try:
        _refuse_broken_text(words)
        with terminated_as_interrupted():
            code: Any = _app_for(words)(words, prog_name="interlock", standalone_mode=False)
    except Exit as ended:
        return ended.exit_code
    except (Abort, KeyboardInterrupt):
        return _told(_INTERRUPTED, words)
    except TyperException as error:
        return _told_usage(error, words)
    except (BrokenPipeError, OutputError):
        raise
    except SystemExit as ended:
        if isinstance(ended.__context__, BrokenPipeError):
            # Typer ends the program by itself where whoever read its help has gone.
            raise ended.__context__ from None
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: whatever went wrong is told, with a traceback only if asked for
        if "--debug" in words:
            import traceback

            traceback.print_exc()
        return _told(failure_of(error), words)
    if code == ExitCode.INTERRUPTED:
        # Typer makes this number of a Ctrl-C that no command has answered, and says nothing.
        return _told(_INTERRUPTED, words)
    return code if isinstance(code, int) else ExitCode.SUCCEEDED


def _app_for(words: list[str]) -> typer.Typer:
    """The app with nothing in it but what is asked for: to build all commands takes longer than most of them run."""
    asked = words[0] if words else ""
    commands = [command for command in app.registered_commands if command.name == asked]
    groups = [group for group in app.registered_groups if group.name == asked]
    if not (commands or groups):
        return app
    only = copy(app)
    only.registered_commands, only.registered_groups = commands, groups
    return only


_INTERRUPTED: Final = Failure("Interrupted", "interrupted", ExitCode.INTERRUPTED)


def _refuse_broken_text(words: list[str]) -> None:
    """Half a character, as from a terminal of another encoding, could be neither kept nor printed."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise CommandError(f"{word!r} is not text in UTF-8: write it in that encoding") from error


def _told_usage(error: TyperException, words: list[str]) -> int:
    """A command line that cannot be read: the command's own usage helps most."""
    if "--json" in words:
        return _told(Failure("Usage", error.format_message(), ExitCode.USAGE), words)
    show: Any = getattr(error, "show", None)
    if show is not None:
        show()
    return error.exit_code


def _told(failure: Failure, words: list[str]) -> int:
    if "--json" in words:
        from interlock.cli.output import print_json

        # One line: it may stand behind others, where a command prints an object a line and is broken off.
        print_json(failure.as_json(), indent=None)
    else:
        from interlock.cli.output import error_console, plain_lines

        console = error_console()
        console.print("error: ", style="bold red", end="")
        console.print(plain_lines(failure.message), markup=False, soft_wrap=True)
    return failure.code


def _say_no_more() -> None:
    """What is still kept back would be written on the way out, and fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
