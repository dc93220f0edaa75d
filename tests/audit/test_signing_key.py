"""The key with which an installation signs, and the keys that its readers trust."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from interlock.audit.errors import SigningKeyError
from interlock.audit.signing_key import SigningKey, fingerprint_of, parse_public_pem, public_pem, verify
from interlock.audit.trusting import trusted_fingerprint

KEY = SigningKey(bytes(range(32)))


def test_a_signature_holds_for_the_very_bytes_and_the_very_key() -> None:
    """Anything less would prove nothing."""
    signature = KEY.sign(b"what happened")

    assert verify(KEY.public, b"what happened", signature)
    assert not verify(KEY.public, b"what happened.", signature)
    assert not verify(SigningKey(bytes(32)).public, b"what happened", signature)
    assert not verify(KEY.public, b"what happened", signature[:-1])


def test_the_same_bytes_are_signed_alike_for_ever() -> None:
    """A file that is written twice is one file; this is the vector of RFC 8032 for its first key."""
    key = SigningKey(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))

    assert key.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert key.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_a_public_key_goes_through_pem_and_has_a_name_that_can_be_read_out() -> None:
    """Others hold it with tools of their own."""
    pem = public_pem(KEY.public)

    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert parse_public_pem(pem) == KEY.public
    assert (len(KEY.fingerprint), KEY.fingerprint) == (64, fingerprint_of(KEY.public))


def test_the_private_key_is_shown_by_nothing_that_shows_the_key() -> None:
    """It stands in no log and no traceback."""
    assert repr(KEY) == f"SigningKey({KEY.fingerprint})"


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "no key at all",
        "-----BEGIN PUBLIC KEY-----\nbm90IGEga2V5\n-----END PUBLIC KEY-----\n",
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
    ids=["empty", "text", "damaged", "another kind"],
)
def test_what_is_no_key_to_verify_with_is_told_so(pem: str) -> None:
    """A file is named by mistake more often than a key is damaged."""
    with pytest.raises(SigningKeyError, match="this"):
        parse_public_pem(pem)


def test_a_key_of_another_length_is_refused() -> None:
    """Half a key that was restored from somewhere must not make another one."""
    with pytest.raises(SigningKeyError, match="has 32 bytes, and this one 31"):
        SigningKey(bytes(31))
    with pytest.raises(SigningKeyError, match="has 32 bytes, and this one 3"):
        verify(b"key", b"", bytes(64))


def test_who_is_trusted_is_named_by_fingerprint_or_by_file(tmp_path: Path) -> None:
    """A fingerprint fits in a message; a file is what tools exchange."""
    pem = tmp_path / "theirs.pem"
    pem.write_text(public_pem(KEY.public))

    assert trusted_fingerprint(KEY.fingerprint) == KEY.fingerprint
    assert trusted_fingerprint(f" {KEY.fingerprint.upper()}\n") == KEY.fingerprint
    assert trusted_fingerprint(str(pem)) == KEY.fingerprint


@pytest.mark.parametrize("named", ["", "ab", "f" * 63, "no/such/file.pem", "x" * 5_000, "a\0b"])
def test_what_names_no_key_says_what_would(named: str) -> None:
    """Half a fingerprint is no fingerprint: somebody can make a key that begins like any."""
    with pytest.raises(SigningKeyError, match="is no fingerprint of 64 hexadecimal digits and no file"):
        trusted_fingerprint(named)


def test_a_file_of_bytes_is_no_key(tmp_path: Path) -> None:
    """A picture, or a key in another form."""
    file = tmp_path / "key.der"
    file.write_bytes(bytes(range(256)))

    with pytest.raises(SigningKeyError, match="holds no public key in PEM"):
        trusted_fingerprint(str(file))
