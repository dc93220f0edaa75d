"""The tools of a file that declares a source: made from what was approved, and what the source says of them now.

Making them asks nobody: what is not in the file itself is taken from the pins. Asking is for who lists and approves.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from msgspec import Struct, structs

from interlock.authoring.yaml_document import read_document
from interlock.core.values import Value
from interlock.tools.a2a.calls import A2aCall, headers_of
from interlock.tools.a2a.calls import secrets_of as secrets_of_agent
from interlock.tools.a2a.cards import card_at
from interlock.tools.a2a.definitions import definition_of_card
from interlock.tools.declared.declaring import A2aSource, HttpSource, McpSource, OpenApiSource
from interlock.tools.declared.http_operation import http_definition
from interlock.tools.declared.making import checked_timeout, http_tool, remote_tool
from interlock.tools.declared.openapi_operations import definitions_in
from interlock.tools.declared.reading import SUFFIXES, DeclaredSource, read_source
from interlock.tools.errors import ToolError, ToolFailed, ToolsNotLoaded
from interlock.tools.mcp.calls import McpCall
from interlock.tools.mcp.clients import McpClients
from interlock.tools.mcp.definitions import definitions_of, effect_of, real_name
from interlock.tools.mcp.failures import ConnectionLost
from interlock.tools.mcp.reach import reach_of, secrets_of
from interlock.tools.outgoing import FetchLimits, OutgoingRequest, fetch, parse_target
from interlock.tools.outgoing.network import MACHINE, Network
from interlock.tools.pinning import Definition, Pins, Quarantine
from interlock.tools.secrets import MissingSecret, SecretSource, named_secrets
from interlock.tools.tool import Tool

DOCUMENT_LIMITS: Final = FetchLimits(response_bytes_max=16 << 20)
ANY_HOST: Final = "*"
LISTING_TENANT: Final = "local"
"""For whom a server is asked what it offers, where no run asks."""


class Listed(Struct, frozen=True):
    """What a source says of its tools now, and what is wrong with it."""

    declared: DeclaredSource
    definitions: tuple[Definition, ...]
    problems: tuple[str, ...] = ()


class Surroundings(Struct, frozen=True):
    """What tools of somebody else share: the connections to servers, and what was found to have changed."""

    clients: McpClients
    quarantine: Quarantine
    network: Network = MACHINE


def tools_of_file(file: Path, pins: Pins, around: Surroundings) -> list[Tool]:
    """The tools of a file, each in quarantine that is not what was approved. Asks nobody outside."""
    declared = read_source(file)
    if has_to_be_asked(declared):
        around.quarantine.note_asked(_prefix(declared), declared.title)
    return [made_tool(declared, definition, pins, around) for definition in known_definitions(declared, pins)]


def known_definitions(declared: DeclaredSource, pins: Pins) -> list[Definition]:
    """What is known of a source's tools without asking it: what stands in files, or was approved."""
    source = declared.source
    match source:
        case HttpSource():
            return [http_definition(declared)]
        case OpenApiSource():
            return pins.of_source(declared.title) if _is_url(source.document) else _in_file(declared, source)
        case McpSource():
            _check_reach(declared, source)
            approved = pins.of_source(declared.title)
            return [each for each in approved if source.tools is None or real_name(each) in source.tools]
        case A2aSource():
            _check_card(declared, source)
            return [each for each in pins.of_source(declared.title) if each.name == declared.name]


def has_to_be_asked(declared: DeclaredSource) -> bool:
    """Whether what a source offers stands neither in its file nor beside it."""
    match declared.source:
        case HttpSource():
            return False
        case OpenApiSource(document=document):
            return _is_url(document)
        case McpSource() | A2aSource():
            return True


def _prefix(declared: DeclaredSource) -> str:
    """How the names of a source's tools begin. An agent is one tool, of its own name."""
    return declared.name if isinstance(declared.source, A2aSource) else f"{declared.name}_"


def made_tool(declared: DeclaredSource, definition: Definition, pins: Pins, around: Surroundings) -> Tool:
    """The tool of one definition of a source."""
    if isinstance(declared.source, McpSource):
        return _mcp_tool(declared, declared.source, definition, pins, around)
    if isinstance(declared.source, A2aSource):
        return _agent_tool(declared, declared.source, definition, pins, around)
    return http_tool(declared, definition, pins, network=around.network)


async def list_source(
    declared: DeclaredSource, clients: McpClients, secrets: SecretSource, *, network: Network = MACHINE
) -> Listed:
    """What a source says of its tools now. It is asked, if it is somewhere else."""
    found = await _list_source(declared, clients, secrets, network)
    # A server that cannot be spoken to may have been told a secret, and say it in its last words.
    redaction = secrets.redaction()
    return structs.replace(found, problems=tuple(map(redaction.text, found.problems)))


async def _list_source(
    declared: DeclaredSource, clients: McpClients, secrets: SecretSource, network: Network
) -> Listed:
    source = declared.source
    try:
        match source:
            case HttpSource():
                return Listed(declared, (http_definition(declared),))
            case OpenApiSource() if _is_url(source.document):
                return _listed(declared, *definitions_in(await _fetched(source, network), source, declared.name))
            case OpenApiSource():
                return Listed(declared, tuple(_in_file(declared, source)))
            case McpSource():
                _check_reach(declared, source)
                return await _offered(declared, source, clients, secrets)
            case A2aSource():
                _check_card(declared, source)
                headers = headers_of(source, named_secrets(secrets_of_agent(source), secrets))
                card = await card_at(source, headers, network)
                return Listed(declared, (definition_of_card(declared.name, card),))
    except ToolsNotLoaded as error:
        return Listed(declared, (), error.problems)
    except (ToolFailed, ToolError, MissingSecret) as error:
        return Listed(declared, (), (declared.problem(str(error)),))


def _listed(declared: DeclaredSource, definitions: list[Definition], problems: list[str]) -> Listed:
    return Listed(declared, tuple(definitions), tuple(declared.problem(each) for each in problems))


# --- OpenAPI ---------------------------------------------------------------------------------------------------------


def _is_url(document: str) -> bool:
    return document.startswith(("http://", "https://"))


def _in_file(declared: DeclaredSource, source: OpenApiSource) -> list[Definition]:
    """The definitions of a document that is a file beside the declaration."""
    file = declared.file.parent / source.document
    try:
        text = file.read_bytes()
    except OSError as error:
        told = declared.problem(f"the document {source.document} cannot be read: {error.strerror}", "document")
        raise ToolsNotLoaded([told]) from error
    found, problems = definitions_in(_parsed(text, source.document), source, declared.name)
    if problems:
        raise ToolsNotLoaded([declared.problem(each, "operations") for each in problems])
    return found


async def _fetched(source: OpenApiSource, network: Network) -> Value:
    target = parse_target(source.document)
    request = OutgoingRequest(url=source.document)
    answer = await fetch(
        request,
        allowed_hosts=[target.host_header],
        private_hosts=source.private_hosts,
        limits=DOCUMENT_LIMITS,
        network=network,
    )
    if answer.status != 200:
        raise ToolFailed(f"{target.origin} answered {answer.status}, and no document")
    # A document may be large and deep: what else runs here goes on while it is read.
    return await asyncio.to_thread(_parsed, answer.body, target.origin)


def _parsed(text: bytes, source: str) -> Value:
    document = read_document(text, source=source)
    if document.data is None:
        problem = document.problems[0]
        at = document.position(problem)
        raise ToolError(f"{source}:{at.line}:{at.column}: {problem.message}")
    return document.data


# --- MCP -------------------------------------------------------------------------------------------------------------


def _check_reach(declared: DeclaredSource, source: McpSource) -> None:
    if (source.command is None) == (source.url is None):
        raise ToolsNotLoaded([declared.problem("a server has either a `command` that starts it or a `url`")])
    if source.url is not None and "${" in source.url:
        told = "an address is told in errors and logs: a secret stands in `headers`"
        raise ToolsNotLoaded([declared.problem(told, "url")])
    try:
        if source.url is not None:
            parse_target(source.url)
    except ToolFailed as refused:
        raise ToolsNotLoaded([declared.problem(str(refused), "url")]) from None
    checked_timeout(declared)


def _mcp_tool(
    declared: DeclaredSource, source: McpSource, definition: Definition, pins: Pins, around: Surroundings
) -> Tool:
    own = () if source.url is None else (parse_target(source.url).host_header,)
    # Nothing keeps a program from speaking to whom it likes: what its file does not say of that is everything.
    reached = [*own, *source.hosts] or [ANY_HOST]
    return remote_tool(
        declared,
        definition,
        pins,
        call=McpCall(declared, definition, around.clients, around.quarantine),
        effect=effect_of(definition, source),
        hosts=reached,
        secrets=secrets_of(source),
    )


async def _offered(declared: DeclaredSource, source: McpSource, clients: McpClients, secrets: SecretSource) -> Listed:
    reach = reach_of(declared, named_secrets(secrets_of(source), secrets))
    try:
        async with asyncio.timeout(checked_timeout(declared) / 1e6):
            connection = await clients.connection(LISTING_TENANT, declared.name, reach, protocol=source.protocol)
            offered = await connection.tools()
    except TimeoutError as error:
        raise ToolFailed(f"the server did not say in {source.timeout} what it offers", kind="timeout") from error
    except ConnectionLost as lost:
        raise ToolFailed(str(lost), kind="unavailable") from lost
    return _listed(declared, *definitions_of(offered, source, declared.name))


# --- A2A -------------------------------------------------------------------------------------------------------------


def _check_card(declared: DeclaredSource, source: A2aSource) -> None:
    for key, url in (("card", source.card), ("keys", source.keys)):
        if "${" in url:
            told = "an address is told in errors and logs: a secret stands in `headers`"
            raise ToolsNotLoaded([declared.problem(told, key)])
        try:
            if url:
                parse_target(url)
        except ToolFailed as refused:
            raise ToolsNotLoaded([declared.problem(str(refused), key)]) from None
    checked_timeout(declared)


def _agent_tool(
    declared: DeclaredSource, source: A2aSource, definition: Definition, pins: Pins, around: Surroundings
) -> Tool:
    effect = source.effect or "once"
    return remote_tool(
        declared,
        definition,
        pins,
        call=A2aCall(declared, definition, effect, around.quarantine, around.network),
        effect=effect,
        hosts=[parse_target(source.card).host_header, *source.hosts],
        secrets=secrets_of_agent(source),
    )


def source_files(folder: Path) -> list[Path]:
    """The files of a folder that declare sources: those of YAML directly in it."""
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
    except OSError as error:
        raise ToolsNotLoaded([f"{folder}: the folder cannot be read: {error.strerror}"]) from error
