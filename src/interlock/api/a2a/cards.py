"""Cards of agents: what a graph is for, what it takes and where it is spoken to, signed by the installation.

A card says where its agent is as the settings have it, and not as a request names this server: a signature on an
address that anybody may choose would lead others astray.
"""

from __future__ import annotations

import base64
from importlib.metadata import version
from typing import Any, Final

from a2a.types import a2a_pb2 as a2a
from a2a.utils.constants import PROTOCOL_VERSION_1_0, TransportProtocol
from a2a.utils.signing import create_agent_card_signer
from google.protobuf.json_format import MessageToDict, ParseDict
from jwt.api_jwk import PyJWK

from interlock.api.a2a.agents import KEYS, FoundAgent, address_of
from interlock.audit import SigningKey

ALGORITHM: Final = "EdDSA"
INPUTS: Final = "https://interlock.dev/a2a/inputs/v1"
"""The extension under which a card says what its graph takes, as JSON Schema."""
MODES: Final = ("application/json", "text/plain")


def signed_card(agent: FoundAgent, *, base: str, key: SigningKey, requires_key: bool) -> dict[str, Any]:
    """The card of an agent as it is sent."""
    card = card_of(agent, base=base, requires_key=requires_key)
    return MessageToDict(signed(card, key, keys=base + KEYS))


def signed(card: a2a.AgentCard, key: SigningKey, *, keys: str) -> a2a.AgentCard:
    """A card with a signature; `keys` is where others find the key."""
    sign = create_agent_card_signer(
        PyJWK.from_dict({**public_jwk(key.public), "d": _base64url(key.private)}, ALGORITHM),
        {"kid": key.fingerprint, "alg": ALGORITHM, "jku": keys, "typ": "JOSE"},
    )
    return sign(card)


def card_of(agent: FoundAgent, *, base: str, requires_key: bool) -> a2a.AgentCard:
    """The card without a signature."""
    skill = a2a.AgentSkill(id=agent.name, name=agent.name, description=agent.description, tags=["interlock"])
    inputs = a2a.AgentExtension(uri=INPUTS, description="What it takes, as JSON Schema: send it as one data part.")
    ParseDict(agent.plan.root.inputs or {"type": "object"}, inputs.params)
    card = a2a.AgentCard(
        name=agent.name,
        description=agent.description,
        version=agent.version,
        supported_interfaces=[
            a2a.AgentInterface(
                url=address_of(base, agent.name),
                protocol_binding=TransportProtocol.JSONRPC.value,
                protocol_version=PROTOCOL_VERSION_1_0,
            )
        ],
        provider=a2a.AgentProvider(organization=f"Interlock {version('interlock')}", url=base),
        capabilities=a2a.AgentCapabilities(
            streaming=True, push_notifications=False, extended_agent_card=False, extensions=[inputs]
        ),
        default_input_modes=MODES,
        default_output_modes=MODES,
        skills=[skill],
    )
    if requires_key:
        card.security_schemes["key"].http_auth_security_scheme.scheme = "bearer"
        card.security_requirements.add().schemes["key"].SetInParent()
    return card


def key_set(key: SigningKey) -> dict[str, Any]:
    """The public key that cards are signed with, as others look it up."""
    return {"keys": [{**public_jwk(key.public), "kid": key.fingerprint, "alg": ALGORITHM, "use": "sig"}]}


def public_jwk(public: bytes) -> dict[str, str]:
    """An Ed25519 key as JSON."""
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public)}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
