"""The card of an agent: fetched, its signature verified, and read for what calls of it need."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from interlock.core.values import Value, is_map
from interlock.tools.a2a.loading import load_sdk
from interlock.tools.a2a.signers import checked_signer, keys_named
from interlock.tools.a2a.whole_numbers import with_whole_numbers
from interlock.tools.declared.declaring import A2aSource
from interlock.tools.errors import ToolError
from interlock.tools.outgoing import FetchLimits, Network, OutgoingRequest, fetch, parse_target

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import AgentCard

LIMITS: Final = FetchLimits(response_bytes_max=256 * 1024)
"""Of a card, and of the keys that it is signed with."""
INPUTS: Final = "https://interlock.dev/a2a/inputs/v1"
"""The extension under which a card says what its agent takes as data, as JSON Schema."""


class Card(Struct, frozen=True, kw_only=True):
    """What a card says. `digest` is of all of it but its signatures."""

    name: str
    description: str
    version: str
    url: str
    skills: list[str]
    inputs: dict[str, Any] | None
    digest: str
    signed_by: str
    """The fingerprint of the key whose signature was verified; empty: nobody has signed it."""


async def card_at(source: A2aSource, headers: dict[str, str], network: Network) -> Card:
    """The card as it is now; `ToolError` or `ToolFailed` says what is wrong with it or with getting it."""
    await load_sdk()
    written = await _fetched(source.card, source, headers, network)
    card = _parsed(written)
    if source.signed and not card.signatures:
        raise ToolError("the card is not signed, and `signed` asks for that")
    signer = ""
    if card.signatures:
        keys = await _fetched(keys_named(card, source), source, headers, network)
        signer = checked_signer(card, keys)
    return _read(card, written, source, signer)


async def _fetched(url: str, source: A2aSource, headers: dict[str, str], network: Network) -> dict[str, Any]:
    """A JSON object. Headers may hold a secret: they are for the host of the card alone."""
    target = parse_target(url)
    own = headers if target.origin == parse_target(source.card).origin else {}
    answer = await fetch(
        OutgoingRequest(url=url, headers=(("Accept", "application/json"), *own.items())),
        allowed_hosts=[target.host_header],
        private_hosts=source.private_hosts,
        limits=LIMITS,
        network=network,
    )
    if answer.status != 200:
        raise ToolError(f"{target.origin} answered {answer.status} where {target.path} should be")
    try:
        data: Value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ToolError(f"what {target.origin} has at {target.path} is no JSON: {str(error)[:200]}") from error
    if not is_map(data):
        raise ToolError(f"what {target.origin} has at {target.path} is no JSON object")
    return data


def _parsed(written: dict[str, Any]) -> AgentCard:
    from a2a.types.a2a_pb2 import AgentCard  # noqa: PLC0415 - an extra, loaded when an agent is spoken to
    from google.protobuf.json_format import ParseDict, ParseError  # noqa: PLC0415

    try:
        return ParseDict(written, AgentCard(), ignore_unknown_fields=True)
    except (ParseError, RecursionError) as error:
        raise ToolError(f"that is no card: {str(error)[:300]}") from error


def _read(card: AgentCard, written: dict[str, Any], source: A2aSource, signer: str) -> Card:
    unsigned = {key: each for key, each in written.items() if key != "signatures"}
    digest = hashlib.sha256(json.dumps(unsigned, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return Card(
        name=card.name,
        description=card.description,
        version=card.version,
        url=_address(card, source),
        skills=[f"{skill.name}: {skill.description}" for skill in card.skills],
        inputs=_inputs(card),
        digest=digest,
        signed_by=signer,
    )


def _address(card: AgentCard, source: A2aSource) -> str:
    """Where the agent is spoken to: on the host of its card, or on one that the file names."""
    offered = [each for each in card.supported_interfaces if each.protocol_binding == "JSONRPC"]
    url = next((each.url for each in offered if each.protocol_version.partition(".")[0] == "1"), None)
    if url is None:
        spoken = ", ".join(f"{each.protocol_binding} {each.protocol_version}" for each in card.supported_interfaces)
        raise ToolError(f"the agent speaks {spoken[:200] or 'nothing'}, and here JSONRPC of protocol 1 is spoken")
    host = parse_target(url).host_header
    if host not in {parse_target(source.card).host_header, *source.hosts}:
        raise ToolError(f"the card leads to {host}: if the agent is meant to be there, name that under `hosts`")
    return url


def _inputs(card: AgentCard) -> dict[str, Any] | None:
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415 - as above

    found = next((each for each in card.capabilities.extensions if each.uri == INPUTS), None)
    return None if found is None else with_whole_numbers(MessageToDict(found.params))
