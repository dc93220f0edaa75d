"""The operations of an OpenAPI document as definitions of tools: what they take, what they give, how they are called.

Reads documents of version 3 whose requests and answers are JSON. An operation that was asked for by name and cannot be
called is a problem; one that was not is left out, unless then nothing would be offered at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from interlock.core.problems import nearest
from interlock.core.values import Value, is_list, is_map
from interlock.tools.declared.declaring import OpenApiSource, OperationWritten
from interlock.tools.declared.openapi_schemas import StandaloneSchemas, resolved
from interlock.tools.declared.recipes import HttpRecipe, effect_of
from interlock.tools.errors import ToolError
from interlock.tools.outgoing import OutgoingRefused, parse_target
from interlock.tools.pinning import Definition, definition_of

OPERATIONS_MAX: Final = 200
"""How many operations a document may bring without being asked for by name."""
_METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch")
_DEFAULT_STYLES: Final = {"path": "simple", "query": "form", "header": "simple"}
_NOT_FOR_TOOLS: Final = frozenset({"accept", "content-type", "authorization"})
"""Header parameters that the standard says are to be ignored."""


class Operation(NamedTuple):
    """One operation as it stands in the document."""

    id: str
    method: str
    path: str
    rules: dict[str, Any]
    shared: Value
    """The parameters of all operations under its path."""


def definitions_in(document: Value, source: OpenApiSource, name: str) -> tuple[list[Definition], list[str]]:
    """The definitions of the operations that a source asks for, and what is wrong with the document or the asking."""
    try:
        server = _server(document, source)
        operations = {each.id: each for each in _operations(document)}
        wanted = _wanted(source, operations)
    except ToolError as error:
        return [], [str(error)]
    found: list[Definition] = []
    problems: list[str] = []
    for id_, said in wanted.items():
        try:
            found.append(_definition(document, operations[id_], said, source=source, server=server, name=name))
        except ToolError as error:
            problems.append(f"the operation `{id_}`: {error}")
    return found, problems if source.operations or not found else []


def tool_name(document: str, operation: str, said: OperationWritten | None) -> str:
    """What graphs call an operation of a document."""
    if said is not None and said.name is not None:
        return said.name
    return f"{document}_{re.sub(r'[^A-Za-z0-9_.-]', '_', operation)}"


def _wanted(source: OpenApiSource, operations: Mapping[str, Operation]) -> dict[str, OperationWritten]:
    if not operations:
        raise ToolError("the document has no operations: they stand in its `paths`, by their methods")
    asked = source.operations
    named = (
        {id_: said or OperationWritten() for id_, said in asked.items()}
        if isinstance(asked, dict)
        else (dict.fromkeys(asked, OperationWritten()))
    )
    for id_ in named:
        if id_ not in operations:
            near = nearest(id_, operations)
            raise ToolError(f"the document has no operation `{id_}`" + (f": did you mean `{near}`?" if near else ""))
    if not named and len(operations) > OPERATIONS_MAX:
        count = len(operations)
        raise ToolError(f"the document has {count:,} operations: name under `operations` those that are needed")
    return named or dict.fromkeys(operations, OperationWritten())


def _server(document: Value, source: OpenApiSource) -> str:
    if not is_map(document) or not str(document.get("openapi", "")).startswith("3."):
        raise ToolError("it is no OpenAPI document of version 3: it begins with `openapi: 3.…`")
    servers = document.get("servers")
    first = servers[0] if is_list(servers) and servers and is_map(servers[0]) else {}
    url = source.server or str(first.get("url", ""))
    variables = first.get("variables")
    for variable, said in variables.items() if is_map(variables) and not source.server else ():
        url = url.replace(f"{{{variable}}}", str(said.get("default", "")) if is_map(said) else "")
    try:
        parse_target(url)
    except OutgoingRefused as refused:
        raise ToolError(f"its server {url[:120]!r} cannot be used ({refused}): say `server: https://…`") from refused
    return url.rstrip("/")


def _operations(document: Mapping[str, Value]) -> Iterator[Operation]:
    paths = document.get("paths")
    if not is_map(paths):
        return
    for path, item in paths.items():
        if not is_map(item):
            continue
        for method in _METHODS:
            rules = item.get(method)
            if is_map(rules):
                id_ = str(rules.get("operationId") or f"{method}{re.sub(r'[^A-Za-z0-9]+', '_', path).rstrip('_')}")
                yield Operation(id_, method.upper(), path, rules, item.get("parameters"))


def _definition(
    document: Value, operation: Operation, said: OperationWritten, *, source: OpenApiSource, server: str, name: str
) -> Definition:
    made = _Call(document, StandaloneSchemas(document))
    for parameter in _parameters(document, operation):
        made.take_parameter(parameter)
    made.take_body(operation.rules.get("requestBody"))
    effect = said.effect or source.effect or effect_of(operation.method)
    recipe = HttpRecipe(
        method=operation.method,
        url=server + operation.path,
        effect=effect,
        query={**made.query, **source.query},
        headers={**made.headers, **source.headers},
        body=made.body,
    )
    try:
        recipe.target  # noqa: B018 - read for what it refuses
    except OutgoingRefused as refused:
        raise ToolError(f"its path {operation.path[:120]!r} cannot be used: {refused}") from refused
    return definition_of(
        tool_name(name, operation.id, said),
        description=_description(operation.rules),
        input=made.input(),
        output=_output(document, operation.rules),
        annotations=recipe.as_annotations(),
    )


def _description(rules: Mapping[str, Any]) -> str:
    parts = [str(rules.get(key) or "").strip() for key in ("summary", "description")]
    return "\n\n".join(dict.fromkeys(part for part in parts if part))


def _parameters(document: Value, operation: Operation) -> list[dict[str, Any]]:
    """The parameters of an operation: those of its path, unless it has one of that name and place itself."""
    written = [*_list(operation.shared), *_list(operation.rules.get("parameters"))]
    found = [resolved(document, each) for each in written]
    return list({(each.get("name"), each.get("in")): each for each in found}.values())


def _output(document: Value, rules: Mapping[str, Any]) -> Value:
    """The schema of the one kind of answer that means success; none where there are several, or it is no JSON."""
    responses = rules.get("responses")
    fine = [each for code, each in responses.items() if str(code).startswith("2")] if is_map(responses) else []
    if len(fine) != 1:
        return None
    written = _json_schema(resolved(document, fine[0]).get("content"))
    if not is_map(written):
        return None
    schemas = StandaloneSchemas(document)
    schema = schemas.taken(written)
    definitions = schemas.definitions()
    return {**schema, "$defs": definitions} if definitions else schema


class _Call:
    """What an operation takes, as it is gathered: one argument for each parameter, and `body`."""

    def __init__(self, document: Value, schemas: StandaloneSchemas) -> None:
        self._document = document
        self._schemas = schemas
        self._properties: dict[str, Value] = {}
        self._required: set[str] = set()
        self.query: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.body: Value = None

    def take_parameter(self, parameter: Mapping[str, Any]) -> None:
        name, place = str(parameter.get("name", "")), parameter.get("in")
        if place == "header" and name.lower() in _NOT_FOR_TOOLS:
            return
        is_required = parameter.get("required") is True or place == "path"
        if place not in _DEFAULT_STYLES:
            if is_required:
                raise ToolError(f"its parameter `{name}` stands in a {place}, which is not supported")
            return
        self._check_style(name, place, parameter)
        self._add(name, parameter.get("schema") or {}, str(parameter.get("description") or ""), is_required=is_required)
        if place == "query":
            self.query[name] = f"{{{name}}}"
        elif place == "header":
            self.headers[name] = f"{{{name}}}"

    def take_body(self, written: Value) -> None:
        if written is None:
            return
        body = resolved(self._document, written)
        schema = _json_schema(body.get("content"))
        if schema is None:
            raise ToolError("its body is no JSON, which alone is supported")
        self._add("body", schema, str(body.get("description") or ""), is_required=body.get("required") is True)
        self.body = "{body}"

    def input(self) -> dict[str, Value]:
        """The schema of all that it takes."""
        definitions = self._schemas.definitions()
        return {
            "type": "object",
            "properties": self._properties,
            "required": sorted(self._required),
            "additionalProperties": False,
        } | ({"$defs": definitions} if definitions else {})

    def _add(self, name: str, schema: Value, description: str, *, is_required: bool) -> None:
        if name in self._properties or not re.fullmatch(r"[^{}$]{1,128}", name):
            raise ToolError(f"it has two parameters `{name}`, or that is no name")
        taken = self._schemas.taken(schema)
        described = description and is_map(taken) and "description" not in taken
        self._properties[name] = {**taken, "description": description} if described else taken
        if is_required:
            self._required.add(name)

    @staticmethod
    def _check_style(name: str, place: str, parameter: Mapping[str, Any]) -> None:
        style = parameter.get("style", _DEFAULT_STYLES[place])
        is_split = parameter.get("explode", place == "query") is not (place == "query")
        if style != _DEFAULT_STYLES[place] or is_split or "content" in parameter:
            raise ToolError(f"its parameter `{name}` is written in a way that is not supported (`style`, `explode`)")


def _json_schema(content: Value) -> Value:
    """The schema of the JSON among the kinds of content; None if there is none."""
    for kind, said in content.items() if is_map(content) else ():
        if "json" in str(kind).partition(";")[0] and is_map(said):
            return said.get("schema", {})
    return None


def _list(written: Value) -> list[Value]:
    return written if is_list(written) else []
