"""What a function's signature says of it as a tool: the schema of its input, of its output, and how both are converted.

The schema is the contract and is checked by the same validator as everywhere else; pydantic writes it and turns checked
JSON into what the annotations ask for (models, dataclasses, dates…). Calls nothing and knows nothing of effects.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NoReturn, NotRequired, Union, get_args, get_origin, get_type_hints

from msgspec import Struct
from pydantic import ConfigDict, Field, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode
from typing_extensions import TypedDict

from interlock.core.canonical import canonical
from interlock.core.plan import JsonSchema
from interlock.core.values import Value, ValueProblem
from interlock.tools.context import AsyncToolContext, ToolContext
from interlock.tools.errors import BadTool
from interlock.tools.outcome import Labelled
from interlock.tools.places import place_of_function


class Signature(Struct, frozen=True, kw_only=True):
    """A function read as a tool."""

    input: JsonSchema
    output: JsonSchema | None
    convert: Callable[[Value], dict[str, Any]]
    """From a checked input to keyword arguments."""
    dump: Callable[[Any], Any] | None
    """From what the function returned to JSON data; None where it returns JSON data already."""
    context_parameter: str | None
    parameters: frozenset[str]


_JSON_TYPES: Final = (Any, object, None, NoneType, bool, int, float, str, list, dict)


class _PlainJsonSchema(GenerateJsonSchema):
    """Schemas without invented titles: what stands in a contract was written by its author."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 - the parameter is pydantic's
        return False


def read_signature(function: Callable[..., Any], *, name: str) -> Signature:
    """The signature of a tool; `BadTool` names the place and the parameter that cannot be."""
    return _SignatureReader(function, name).read()


class _SignatureReader:
    """Reads one function; holds what every complaint about it has to name."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name

    def read(self) -> Signature:
        hints = self._hints()
        context: str | None = None
        fields: dict[str, Any] = {}
        takes_more = False
        for parameter in inspect.signature(self.function).parameters.values():
            annotation = hints.get(parameter.name, Any)
            self._check_kind(parameter, annotation)
            if annotation in (ToolContext, AsyncToolContext):
                self._check_context(parameter.name, annotation, already=context)
                context = parameter.name
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                takes_more = True
            else:
                fields[parameter.name] = self._field(parameter, annotation)
        with self._told_of({f"`{name}`": hints.get(name, Any) for name in fields}):
            arguments = self._arguments(fields, takes_more=takes_more)
            input_schema = _schema(arguments, "validation")
        output, dump = self._output(hints.get("return", Any))
        return Signature(
            input=input_schema,
            output=output,
            convert=arguments.validator.validate_python,
            dump=dump,
            context_parameter=context,
            parameters=frozenset(fields),
        )

    def _hints(self) -> dict[str, Any]:
        try:
            return get_type_hints(self.function, include_extras=True)
        except NameError as error:
            self._refuse(
                f"the annotation `{error.name}` means nothing here: import it outside TYPE_CHECKING, "
                "or define it in the module above the tool"
            )
        except (TypeError, SyntaxError) as error:
            self._refuse(f"its annotations cannot be read: {error}")

    def _check_kind(self, parameter: inspect.Parameter, annotation: object) -> None:
        match parameter.kind:
            case inspect.Parameter.POSITIONAL_ONLY:
                self._refuse(f"`{parameter.name}` is positional-only, but input has names: remove the `/`")
            case inspect.Parameter.VAR_POSITIONAL:
                self._refuse(f"`*{parameter.name}` has no name in the input: take a list instead")
            case inspect.Parameter.VAR_KEYWORD if annotation is not Any and annotation is not object:
                self._refuse(f"`**{parameter.name}` takes any JSON value: annotate it as Any, or name the parameters")
            case _:
                pass

    def _check_context(self, parameter: str, annotation: object, *, already: str | None) -> None:
        if already is not None:
            self._refuse(f"`{already}` and `{parameter}` are both the context: keep one")
        is_async = inspect.iscoroutinefunction(self.function)
        if is_async and annotation is not AsyncToolContext:
            self._refuse(f"an async tool takes AsyncToolContext: annotate `{parameter}: AsyncToolContext`")
        if not is_async and annotation is not ToolContext:
            self._refuse(f"a blocking tool takes ToolContext: annotate `{parameter}: ToolContext`")

    def _field(self, parameter: inspect.Parameter, annotation: Any) -> Any:  # noqa: ANN401 - annotations have no narrower type
        if parameter.default is inspect.Parameter.empty:
            return annotation
        try:
            default = canonical(parameter.default)
        except ValueProblem:
            return NotRequired[annotation]
        return NotRequired[Annotated[annotation, Field(json_schema_extra={"default": default})]]

    def _arguments(self, fields: dict[str, Any], *, takes_more: bool) -> TypeAdapter[dict[str, Any]]:
        """A typed dict rather than a model: no parameter's name can collide with a model's own attributes."""
        make_typed_dict: Any = TypedDict  # type checkers want its fields written out, but here a signature says them
        arguments = make_typed_dict("Input", fields)
        arguments.__pydantic_config__ = ConfigDict(extra="allow" if takes_more else "forbid")
        return TypeAdapter(arguments)

    def _output(self, annotation: Any) -> tuple[JsonSchema | None, Callable[[Any], Any] | None]:  # noqa: ANN401 - as above
        if get_origin(annotation) is Labelled:
            (annotation,) = get_args(annotation)
        if annotation in (Any, object, Labelled, inspect.Parameter.empty):
            return None, None
        with self._told_of({"its result": annotation}):
            adapter: TypeAdapter[Any] = TypeAdapter(annotation)
            schema = _schema(adapter, "serialization")
        dump = None if _is_json(annotation) else adapter.serializer.to_python
        return schema, dump and _as_json(dump)

    @contextmanager
    def _told_of(self, annotations: Mapping[str, Any]) -> Generator[None]:
        """Where something is no JSON data, find out what: to look at each takes as long as all of them together."""
        try:
            yield
        except (PydanticUserError, PydanticUndefinedAnnotation):
            for what, annotation in annotations.items():
                self._check_is_data(annotation, what)
            raise

    def _check_is_data(self, annotation: Any, what: str) -> None:  # noqa: ANN401 - as above
        if _is_json(annotation):
            return
        try:
            TypeAdapter(annotation).json_schema(schema_generator=_PlainJsonSchema)
        except (PydanticUserError, PydanticUndefinedAnnotation) as error:
            shown = getattr(annotation, "__name__", str(annotation))
            if error.code == "typed-dict-version":
                self._refuse(f"{what} holds a TypedDict of typing: before Python 3.12 import it from typing_extensions")
            self._refuse(f"{what} is a {shown}, which is no JSON data: use plain types, dataclasses or pydantic models")

    def _refuse(self, problem: str) -> NoReturn:
        raise BadTool(place_of_function(self.function), self.name, problem) from None


def _schema(adapter: TypeAdapter[Any], mode: JsonSchemaMode) -> JsonSchema:
    schema = adapter.json_schema(mode=mode, schema_generator=_PlainJsonSchema)
    schema.pop("title", None)
    return schema


def _as_json(dump: Callable[..., Any]) -> Callable[[Any], Any]:
    # Warnings are silenced since the output schema, checked right after, says the same more clearly.
    return lambda result: dump(result, mode="json", warnings=False, by_alias=True)


def _is_json(annotation: object) -> bool:
    """Whether what it describes is JSON data as it stands, so that converting it would only copy it."""
    origin = get_origin(annotation)
    if origin in {list, dict, Union, UnionType}:
        return all(_is_json(part) for part in get_args(annotation))
    if origin is Literal:
        return all(part is None or isinstance(part, (bool, int, str)) for part in get_args(annotation))
    return annotation in _JSON_TYPES
