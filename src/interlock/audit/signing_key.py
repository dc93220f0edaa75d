"""The key with which an installation signs what leaves it: Ed25519, as raw bytes and as PEM. Pure.

A signature says who vouches for bytes, and nothing about whether they are true. Where the key is kept is not said here
(kept_key.py), nor whom to trust: that is for whoever reads what was signed.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from interlock.audit.errors import SigningKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM: Final = "Ed25519"
KEY_BYTES: Final = 32
"""Of the private key and of the public one alike."""
SIGNATURE_BYTES: Final = 64


class SigningKey:
    """A private key. It is made of 32 random bytes, and gives the same signature of the same bytes for ever."""

    def __init__(self, private: bytes) -> None:
        """`private` are the 32 bytes; `SigningKeyError` if they are another number."""
        if len(private) != KEY_BYTES:
            raise SigningKeyError(f"a signing key has {KEY_BYTES} bytes, and this one {len(private)}: restore it")
        self._key = _private_key(private)
        self.private = private
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"SigningKey({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """The name of its public key, short enough to be read out: SHA-256 in hexadecimal digits."""
        return fingerprint_of(self.public)

    def sign(self, data: bytes) -> bytes:
        """The signature of these bytes."""
        return self._key.sign(data)


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the holder of the private half of `public` has signed these very bytes."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only who verifies needs it

    try:
        _public_key(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def fingerprint_of(public: bytes) -> str:
    """The name of a public key: SHA-256 of its 32 bytes, in hexadecimal digits."""
    return hashlib.sha256(public).hexdigest()


def public_pem(public: bytes) -> str:
    """A public key as other programs read it: PEM with SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - only who shows a key needs it

    encoded = _public_key(public).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded.decode()


def parse_public_pem(pem: str) -> bytes:
    """The 32 bytes of a public key written as PEM; `SigningKeyError` if it is none of this kind."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - only who trusts a key needs it
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - the same

    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise SigningKeyError("this is no public key in PEM: it begins with -----BEGIN PUBLIC KEY-----") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SigningKeyError("this public key is of another kind: run files are signed with Ed25519")
    return key.public_bytes_raw()


def _private_key(private: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - 40 ms that only signing needs
        Ed25519PrivateKey,
    )

    return Ed25519PrivateKey.from_private_bytes(private)


def _public_key(public: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - 40 ms that only verifying needs
        Ed25519PublicKey,
    )

    try:
        return Ed25519PublicKey.from_public_bytes(public)
    except ValueError as error:
        raise SigningKeyError(f"a public key has {KEY_BYTES} bytes, and this one {len(public)}") from error
