"""Who has signed a card: the keys that a signature names, and the fingerprint of the one that fits.

A signature says that whoever holds a key vouches for the card. Whose key that is the person says who approves the tool:
its fingerprint is a part of what they approve, so another key is a change like any other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from interlock.core.values import Value, is_list, is_map
from interlock.tools.declared.declaring import A2aSource
from interlock.tools.errors import ToolError
from interlock.tools.outgoing import parse_target

if TYPE_CHECKING:
    from a2a.types.a2a_pb2 import AgentCard
    from jwt.api_jwk import PyJWK

ALGORITHMS: Final = ("EdDSA", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
"""Those with a public key. One that both sides would have to know is no signature."""
SIGNATURES_MAX: Final = 10
_MEMBERS: Final = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
"""What makes a key what it is (RFC 7638)."""


def keys_named(card: AgentCard, source: A2aSource) -> str:
    """Where the keys are: as the file says, else as a signature says, if that is where the card is."""
    if source.keys:
        return source.keys
    own = parse_target(source.card).origin
    for signature in list(card.signatures)[:SIGNATURES_MAX]:
        address = _header(signature.protected).get("jku")
        if isinstance(address, str) and address.startswith(f"{own}/"):
            return address
    raise ToolError("the card is signed, and does not say where its own host has the key: name its address as `keys`")


def checked_signer(card: AgentCard, keys: dict[str, Any]) -> str:
    """The fingerprint of the key that has signed the card; `ToolError` if none of these has."""
    from a2a.utils.signing import (  # noqa: PLC0415 - an extra, loaded when an agent is spoken to
        SignatureVerificationError,
        create_signature_verifier,
    )
    from jwt.api_jwk import PyJWK  # noqa: PLC0415 - as above
    from jwt.exceptions import PyJWTError  # noqa: PLC0415

    if len(card.signatures) > SIGNATURES_MAX:
        raise ToolError(f"the card has more than {SIGNATURES_MAX} signatures")
    tried: list[dict[str, Any]] = []

    def key_named(kid: str | None, _: str | None) -> PyJWK:
        found = _key(keys, kid)
        if found is None:
            raise PyJWTError(f"there is no key {kid}")
        tried.append(found)
        return PyJWK.from_dict(found)

    try:
        create_signature_verifier(key_named, list(ALGORITHMS))(card)
    except SignatureVerificationError as error:
        told = "the card has no signature that holds: somebody has changed it, or has signed with another key"
        raise ToolError(told) from error
    except Exception as error:  # the boundary to libraries that read what anybody may have written
        raise ToolError(f"the signature of the card cannot be read: {type(error).__name__}") from error
    return fingerprint(tried[-1])


def fingerprint(key: dict[str, Any]) -> str:
    """The name of a key: as `interlock signer` tells it, where it is of that kind; of others the digest of RFC 7638."""
    if key.get("crv") == "Ed25519":
        return hashlib.sha256(_unpadded(str(key.get("x", "")))).hexdigest()
    members = {name: key.get(name) for name in _MEMBERS.get(str(key.get("kty")), ())}
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _key(keys: dict[str, Any], kid: str | None) -> dict[str, Any] | None:
    listed: Value = keys.get("keys")
    if not is_list(listed):
        return None
    return next((each for each in listed if is_map(each) and each.get("kid") == kid and "k" not in each), None)


def _header(protected: str) -> dict[str, Any]:
    try:
        data: Value = json.loads(_unpadded(protected))
    except (ValueError, RecursionError):
        return {}
    return data if is_map(data) else {}


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
