"""The one operation that an `http` source declares, as a definition; or what is wrong with how it is written."""

from __future__ import annotations

from typing import Any

from interlock.tools.declared.declaring import HttpSource
from interlock.tools.declared.reading import DeclaredSource
from interlock.tools.declared.recipes import ALL_ARGUMENTS, HttpRecipe, effect_of
from interlock.tools.declared.schemas import problems_of, schema_of
from interlock.tools.errors import ToolError, ToolsNotLoaded
from interlock.tools.outgoing import OutgoingRefused
from interlock.tools.pinning import Definition, definition_of


def http_definition(declared: DeclaredSource) -> Definition:
    """The definition of the operation; `ToolsNotLoaded` with everything that is wrong with it."""
    source = declared.source
    assert isinstance(source, HttpSource)
    recipe = HttpRecipe(
        method=source.method,
        url=source.url,
        effect=source.effect or effect_of(source.method),
        query=source.query,
        headers=source.headers,
        body=_body(source),
    )
    problems = [*_schema_problems(declared, source), *_url_problems(declared, recipe)]
    if not problems:
        problems = _argument_problems(declared, source, recipe)
    if problems:
        raise ToolsNotLoaded(problems)
    try:
        return definition_of(
            declared.name,
            description=source.description,
            input=schema_of(source.input),
            output=None if source.output is None else schema_of(source.output),
            annotations=recipe.as_annotations(),
        )
    except ToolError as error:
        raise ToolsNotLoaded([declared.problem(str(error))]) from error


def _body(source: HttpSource) -> Any:  # noqa: ANN401 - a template
    """As it is written; else what is sent along is all that stands nowhere else."""
    is_sent = source.method in {"POST", "PUT", "PATCH"} and source.input
    return source.body if source.body is not None or not is_sent else ALL_ARGUMENTS


def _schema_problems(declared: DeclaredSource, source: HttpSource) -> list[str]:
    written = {"input": source.input, "output": source.output}
    return [
        declared.problem(f"{found.message}" + (f": {found.advice}" if found.advice else ""), key, *found.place)
        for key, schema in written.items()
        if schema is not None
        for found in problems_of(schema)
    ]


def _url_problems(declared: DeclaredSource, recipe: HttpRecipe) -> list[str]:
    authority = recipe.url.partition("://")[2].partition("/")[0].partition("?")[0]
    if "{" in authority:
        return [
            declared.problem("the host of a tool is fixed: `{…}` stands behind it, in the path or the query", "url")
        ]
    try:
        recipe.target  # noqa: B018 - read for what it refuses
    except OutgoingRefused as refused:
        return [declared.problem(str(refused), "url")]
    return []


def _argument_problems(declared: DeclaredSource, source: HttpSource, recipe: HttpRecipe) -> list[str]:
    known = schema_of(source.input).get("properties", {})
    return [
        declared.problem(f"`{{{name}}}` is no argument: `input` has {', '.join(known) or 'none'}")
        for name in sorted(recipe.arguments)
        if name not in known
    ]
