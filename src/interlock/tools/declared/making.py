"""Tools of a definition and of what its file says: contract, function and terms, as if they were written in Python."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from interlock.core.durations import DurationProblem, parse_duration
from interlock.core.plan import EffectClass, Micros, Risk, ToolContract, ToolTerms
from interlock.core.schemas import compile_schema
from interlock.core.values import Value
from interlock.tools.declared.declaring import HttpSource, OpenApiSource, OperationWritten
from interlock.tools.declared.openapi_operations import tool_name
from interlock.tools.declared.reading import DeclaredSource
from interlock.tools.declared.recipes import HttpRecipe, recipe_of, request_of, result_of
from interlock.tools.errors import ToolsNotLoaded
from interlock.tools.outgoing import FetchLimits, OutgoingRefused, fetch
from interlock.tools.outgoing.network import MACHINE, Network
from interlock.tools.pinning import Definition, Pins, change_told
from interlock.tools.signature import Signature
from interlock.tools.terms import TermsProblem, read_terms
from interlock.tools.tool import Tool

if TYPE_CHECKING:
    from interlock.tools.context import AsyncToolContext

SHARE_FOR_THE_REQUEST: Final = 0.9
"""Of a tool's time, what its request may take: so it ends by itself, and can say whether anything was sent."""

Calling = Callable[[dict[str, Value], "AsyncToolContext"], Awaitable[Value]]


@dataclass(frozen=True)
class HttpCall:
    """Calls one HTTP operation."""

    recipe: HttpRecipe
    private_hosts: tuple[str, ...]
    limits: FetchLimits
    network: Network = MACHINE

    async def __call__(self, arguments: dict[str, Value], context: AsyncToolContext) -> Value:
        """The result of the operation."""
        target = self.recipe.target
        request = request_of(self.recipe, arguments, context.secrets, effect_id=context.effect_id)
        response = await fetch(
            request,
            allowed_hosts=[_host_of(self.recipe)],
            private_hosts=self.private_hosts,
            limits=self.limits,
            network=self.network,
        )
        return result_of(response, target.origin)


def http_tool(declared: DeclaredSource, definition: Definition, pins: Pins, *, network: Network = MACHINE) -> Tool:
    """The tool of an HTTP operation, whether it was declared by itself or in an OpenAPI document."""
    source = declared.source
    assert isinstance(source, (HttpSource, OpenApiSource))
    recipe = _recipe(declared, definition)
    limits = FetchLimits(
        timeout_seconds=checked_timeout(declared) / 1e6 * SHARE_FOR_THE_REQUEST,
        response_bytes_max=source.result_bytes_max,
    )
    return remote_tool(
        declared,
        definition,
        pins,
        call=HttpCall(recipe, source.private_hosts, limits, network),
        effect=recipe.effect,
        hosts=[_host_of(recipe)],
        secrets=recipe.secrets,
    )


def _recipe(declared: DeclaredSource, definition: Definition) -> HttpRecipe:
    """How the tool is called. What stands in a file of pins may have been written by anybody."""
    try:
        recipe = recipe_of(definition.annotations)
        recipe.target  # noqa: B018 - read for what it refuses
    except (msgspec.ValidationError, OutgoingRefused) as error:
        told = f"what was approved of `{definition.name}` cannot be called: {error}; approve it again"
        raise ToolsNotLoaded([declared.problem(told)]) from error
    return recipe


def remote_tool(
    declared: DeclaredSource,
    definition: Definition,
    pins: Pins,
    *,
    call: Calling,
    effect: EffectClass,
    hosts: Sequence[str],
    secrets: tuple[str, ...],
) -> Tool:
    """A tool that is somebody else's, in quarantine unless it is what was approved."""
    source = declared.source
    return Tool(
        contract=ToolContract(
            name=definition.name,
            effect=effect,
            description=definition.description,
            input=definition.input,
            output=definition.output,
            terms=_terms(declared, definition.name, effect, hosts),
        ),
        function=call,
        signature=Signature(
            input=definition.input,
            output=definition.output,
            convert=_as_one_argument,
            dump=None,
            context_parameter="context",
            parameters=frozenset({"arguments"}),
        ),
        input=compile_schema(definition.input),
        output=None if definition.output is None else compile_schema(definition.output),
        runs="task",
        place=declared.place(),
        timeout=checked_timeout(declared),
        pool=source.pool,
        source=declared.title,
        secrets=secrets,
        result_bytes_max=source.result_bytes_max,
        quarantined=_quarantine(definition, pins),
        pin=definition.pin,
    )


def checked_timeout(declared: DeclaredSource) -> Micros:
    """The time that a call may take."""
    try:
        return parse_duration(declared.source.timeout)
    except DurationProblem as problem:
        raise ToolsNotLoaded([declared.problem(f"{problem}: {problem.advice}", "timeout")]) from None


def _as_one_argument(value: Value) -> dict[str, Any]:
    """What a server calls its arguments may be no name in Python."""
    return {"arguments": value}


def _host_of(recipe: HttpRecipe) -> str:
    target = recipe.target
    return target.host_header


def _quarantine(definition: Definition, pins: Pins) -> str:
    match pins.standing(definition):
        case "approved":
            return ""
        case "new":
            return f"nobody has approved it yet: `interlock tools approve {definition.name}` shows what it is"
        case "changed":
            return change_told(definition.name)


def _terms(declared: DeclaredSource, tool: str, effect: EffectClass, hosts: Sequence[str]) -> ToolTerms | None:
    source = declared.source
    try:
        return read_terms(
            risk=_risk(declared, tool, effect),
            hosts=hosts,
            external=(effect != "read") if source.external is None else source.external,
            rate_per_minute=source.rate_per_minute,
            usd=source.usd,
            undo=_undo(declared, tool),
        )
    except TermsProblem as problem:
        raise ToolsNotLoaded([declared.problem(str(problem), problem.word)]) from None


def _risk(declared: DeclaredSource, tool: str, effect: EffectClass) -> Risk:
    """As it is said; else one that changes something elsewhere is not taken lightly."""
    said = _said_of_operation(declared, tool)
    return (said and said.risk) or declared.source.risk or ("low" if effect == "read" else "medium")


def _undo(declared: DeclaredSource, tool: str) -> str:
    said = _said_of_operation(declared, tool)
    return (said and said.undo) or declared.source.undo


def _said_of_operation(declared: DeclaredSource, tool: str) -> OperationWritten | None:
    source = declared.source
    if not isinstance(source, OpenApiSource) or not isinstance(source.operations, dict):
        return None
    said = ((tool_name(declared.name, id_, said), said) for id_, said in source.operations.items())
    return next((each for name, each in said if name == tool), None)
