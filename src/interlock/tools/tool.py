"""`@tool`: a Python function as a tool. The function stays what it was, and carries a `Tool` that tells its contract.

There is no registry: tools are found by looking for functions that carry one (see `toolbox`). Calls nothing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal, NoReturn, TypeAlias, TypeVar, get_args, overload

from interlock.core.durations import DurationProblem, parse_duration
from interlock.core.plan import (
    DEFAULT_POOL,
    OUTCOMES,
    POOL_PATTERN,
    EffectClass,
    JsonSchema,
    Micros,
    Permissions,
    Risk,
    ToolContract,
    ToolTerms,
)
from interlock.core.schemas import Schema, SchemaRefused, compile_schema
from interlock.core.values import Value
from interlock.tools.errors import BadTool
from interlock.tools.places import place_of_function
from interlock.tools.signature import Signature, read_signature
from interlock.tools.terms import TermsProblem, read_terms

F = TypeVar("F", bound=Callable[..., Any])
Runs: TypeAlias = Literal["task", "thread", "process"]
Duration: TypeAlias = str | timedelta
"""A time span, written as in graphs (`90s`) or as a timedelta."""

CARRIED_AS: Final = "__interlock_tool__"
EFFECT_CLASSES: Final[tuple[EffectClass, ...]] = get_args(EffectClass)
NAME_PATTERN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}")
POOL_NAME: Final = re.compile(POOL_PATTERN)
LABEL_PATTERN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A function with its contract, and how it is to be called."""

    contract: ToolContract
    function: Callable[..., Any]
    signature: Signature
    input: Schema
    output: Schema | None
    runs: Runs
    place: str
    reconcile: Callable[..., Any] | None = None
    timeout: Micros | None = None
    heartbeat_within: Micros | None = None
    pool: str = DEFAULT_POOL
    """The workers that perform its calls, unless a node says otherwise."""
    source: str = "python"
    """Where it comes from: `python`, `plugin:acme-tools`, `http`, `openapi:petstore`, `mcp:github`, `a2a:buyer`."""
    secrets: tuple[str, ...] = ()
    """The secrets that each call is given besides its input, through its context."""
    result_bytes_max: int | None = None
    """How large a result may be; None: as large as any value."""
    needs: Callable[[Value], Permissions] | None = None
    """What one call needs, where that depends on its arguments."""
    quarantined: str = ""
    """Why it is not called, until a person has looked at it."""
    pin: str = ""
    """Of one that somebody else defines: the digest of what it says of itself, which a person approves."""

    @property
    def name(self) -> str:
        """What graphs call it."""
        return self.contract.name

    @property
    def terms(self) -> ToolTerms:
        """On what terms it is called."""
        return self.contract.terms or ToolTerms()

    @property
    def is_remote(self) -> bool:
        """Whether somebody else defines it, so that a person approves what it is."""
        return self.source.partition(":")[0] in {"http", "openapi", "mcp", "a2a"}

    @property
    def is_foreign(self) -> bool:
        """Whether its results may hold what somebody outside has written: in an answer, or in a file that it reads."""
        return self.contract.is_foreign

    def permissions(self, arguments: Value) -> Permissions:
        """What a call with these arguments needs: what policy is asked about. If that cannot be told, all it may need.

        The arguments were not checked yet, and may hold anything.
        """
        if self.needs is None:
            return self.terms.permissions
        try:
            return self.needs(arguments)
        except Exception:  # noqa: BLE001 - the boundary to a person's code
            return self.terms.permissions

    @property
    def context_parameter(self) -> str | None:
        """The parameter that receives the context; None if the tool wants none."""
        return self.signature.context_parameter


@overload
def tool(function: F, /) -> F: ...


@overload
def tool(
    *,
    name: str | None = None,
    effect: EffectClass = "once",
    reconcile: Callable[..., Any] | None = None,
    labels: Sequence[str] = (),
    timeout: Duration | None = None,
    heartbeat: Duration | None = None,
    isolate: Literal["process"] | None = None,
    pool: str = DEFAULT_POOL,
    description: str | None = None,
    risk: Risk = "low",
    hosts: Sequence[str] = (),
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
    external: bool = False,
    rate_per_minute: int | None = None,
    usd: str | None = None,
    undo: str = "",
    needs: Callable[[Value], Permissions] | None = None,
) -> Callable[[F], F]: ...


def tool(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    effect: EffectClass = "once",
    reconcile: Callable[..., Any] | None = None,
    labels: Sequence[str] = (),
    timeout: Duration | None = None,
    heartbeat: Duration | None = None,
    isolate: Literal["process"] | None = None,
    pool: str = DEFAULT_POOL,
    description: str | None = None,
    risk: Risk = "low",
    hosts: Sequence[str] = (),
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
    external: bool = False,
    rate_per_minute: int | None = None,
    usd: str | None = None,
    undo: str = "",
    needs: Callable[[Value], Permissions] | None = None,
) -> F | Callable[[F], F]:
    """Make a function a tool that graphs can call. It can still be called as the function it is.

    `effect` says what a repeat would do: `read` may be repeated freely, `idempotent` with the same id, `once` never.
    `reconcile` answers whether an effect that is in doubt took place (see `reconciling`). `labels` are what edges may
    wait for. A call that lasts longer than `timeout`, or is silent for longer than `heartbeat`, is stopped. With
    `isolate="process"` each call has a process of its own, which is killed when it must stop. A `pool` names the
    workers that perform its calls. The input's schema is read from the parameters, the output's from the return
    annotation, the description from the docstring.

    The rest are the terms on which it is called, for policies and budgets: its `risk`; the `hosts` it speaks to, the
    files that it `reads` and `writes` in the run's workspace, whether it changes something `external`; how often it may
    be called (`rate_per_minute`) and what a call costs (`usd="0.002"`); and the tool that takes a call back (`undo`).
    `needs` says what one call needs, where its arguments decide that. What a function says of itself is believed: it is
    code of the project, and may do what the process may in which it is called.
    """

    def declare(declared: F) -> F:
        checks = _Declaration(declared, name or _name_of(declared))
        made = Tool(
            contract=ToolContract(
                name=checks.name,
                effect=checks.effect(effect),
                description=inspect.cleandoc(description or getattr(declared, "__doc__", None) or ""),
                input=checks.signature.input,
                output=checks.signature.output,
                labels=checks.labels(labels),
                can_reconcile=reconcile is not None,
                terms=checks.terms(
                    risk=risk,
                    hosts=hosts,
                    reads=reads,
                    writes=writes,
                    external=external,
                    rate_per_minute=rate_per_minute,
                    usd=usd,
                    undo=undo,
                ),
            ),
            function=declared,
            signature=checks.signature,
            input=checks.schema(checks.signature.input, "input"),
            output=None if checks.signature.output is None else checks.schema(checks.signature.output, "result"),
            runs=checks.runs(isolate),
            place=checks.place,
            reconcile=reconcile and checks.reconcile(reconcile),
            timeout=checks.duration("timeout", timeout),
            heartbeat_within=checks.heartbeat(heartbeat),
            pool=checks.pool(pool),
            needs=needs,
        )
        setattr(declared, CARRIED_AS, made)
        return declared

    return declare if function is None else declare(function)


def tool_of(candidate: object) -> Tool | None:
    """The tool that a function carries; None if it is no tool."""
    made = getattr(candidate, CARRIED_AS, None)
    if not isinstance(made, Tool):
        return None
    if made.function is not candidate:
        raise BadTool(
            made.place, made.name, "another decorator stands above @tool and would never run: put @tool first"
        )
    return made


def _name_of(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


class _Declaration:
    """One declaration being checked; every refusal names the place and the tool."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name
        self.place = place_of_function(function)
        self._check_function()
        self.signature = read_signature(function, name=name)

    def schema(self, written: JsonSchema, of: str) -> Schema:
        try:
            return compile_schema(written)
        except SchemaRefused as refused:
            self._refuse(f"the schema of its {of} cannot be used: {refused}")

    def effect(self, effect: EffectClass) -> EffectClass:
        """One of the three: of any other word nobody could say whether a call may be repeated."""
        if effect not in EFFECT_CLASSES:
            self._refuse(f"effect={effect!r} is unknown: it is one of {', '.join(EFFECT_CLASSES)}")
        return effect

    def terms(self, **written: Any) -> ToolTerms | None:  # noqa: ANN401 - the words of `read_terms`
        try:
            return read_terms(**written)
        except TermsProblem as problem:
            self._refuse(str(problem))

    def labels(self, labels: Sequence[str]) -> tuple[str, ...]:
        if isinstance(labels, str):
            self._refuse(f'labels is the text {labels!r}: write labels=("{labels}",)')
        for label in labels:
            if label in OUTCOMES:
                self._refuse(f"the label `{label}` is the name of an outcome: choose another word")
            if not LABEL_PATTERN.fullmatch(label):
                self._refuse(f"the label {label!r} is no word: use letters, digits, `_` and `-`")
        return tuple(labels)

    def runs(self, isolate: str | None) -> Runs:
        is_async = inspect.iscoroutinefunction(self.function)
        if isolate is None:
            return "task" if is_async else "thread"
        if isolate != "process":
            self._refuse(f'isolate={isolate!r} is unknown: the one way is isolate="process"')
        if is_async:
            self._refuse("an isolated tool has a process of its own and gains nothing by async: write `def`")
        if self.function.__module__ == "__main__":
            self._refuse(
                "an isolated tool is imported by its own process: put it in a module other than the script itself"
            )
        if self.function.__qualname__ != self.function.__name__:
            self._refuse("an isolated tool is imported by its own process: define it at the top level of its module")
        return "process"

    def pool(self, pool: str) -> str:
        if not POOL_NAME.fullmatch(pool):
            self._refuse(f"the pool {pool!r} is no name: begin with a letter, go on with letters, digits, `_.-`")
        return pool

    def reconcile(self, reconcile: Callable[..., Any]) -> Callable[..., Any]:
        known = self.signature.parameters | {"effect_id"}
        for parameter in inspect.signature(reconcile).parameters.values():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                continue
            if parameter.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD and (
                parameter.kind is not inspect.Parameter.KEYWORD_ONLY
            ):
                self._refuse(f"`{parameter.name}` of its reconcile cannot be given by name")
            if parameter.default is parameter.empty and parameter.name not in known:
                self._refuse(
                    f"its reconcile wants `{parameter.name}`, but is called with the tool's input and `effect_id`"
                )
        return reconcile

    def duration(self, what: str, duration: Duration | None) -> Micros | None:
        if duration is None:
            return None
        if isinstance(duration, timedelta):
            span = duration // timedelta(microseconds=1)
            return span if span > 0 else self._refuse(f"its {what} must be longer than nothing")
        try:
            return parse_duration(duration)
        except DurationProblem as problem:
            self._refuse(f"its {what}: {problem.message}; {problem.advice}")

    def heartbeat(self, within: Duration | None) -> Micros | None:
        if within is not None and self.signature.context_parameter is None:
            self._refuse("it cannot send the heartbeat that is asked of it: give it a parameter `ctx: ToolContext`")
        return self.duration("heartbeat", within)

    def _check_function(self) -> None:
        if not inspect.isfunction(self.function):
            self._refuse(f"@tool goes on a function, not on a {type(self.function).__name__}")
        if inspect.isgeneratorfunction(self.function) or inspect.isasyncgenfunction(self.function):
            self._refuse("it yields, but a tool returns one value: collect the items in a list")
        if not NAME_PATTERN.fullmatch(self.name):
            self._refuse("the name must begin with a letter and go on with letters, digits, `_`, `.` and `-`")

    def _refuse(self, problem: str) -> NoReturn:
        raise BadTool(self.place, self.name, problem)
