"""Whom a reader of run files trusts: keys, named by their fingerprints or by files that hold them.

Whether somebody is to be trusted cannot be read from a file that they have signed: they say it some other way.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from interlock.audit.errors import SigningKeyError
from interlock.audit.signing_key import fingerprint_of, parse_public_pem

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_PEM_BYTES_MAX: Final = 64 * 1024
_SHOWN_MAX: Final = 80


def trusted_fingerprint(named: str) -> str:
    """The fingerprint that is meant: written out, or that of the public key in a PEM file. Raises `SigningKeyError`."""
    if _FINGERPRINT.fullmatch(named.strip().lower()):
        return named.strip().lower()
    path = Path(named)
    if not _is_file(path):
        raise SigningKeyError(
            f"{named[:_SHOWN_MAX]!r} is no fingerprint of 64 hexadecimal digits and no file with a public key: "
            "`interlock signer` of whoever you trust shows both"
        )
    try:
        with path.open("rb") as file:
            pem = file.read(_PEM_BYTES_MAX).decode("ascii")
    except OSError as error:
        raise SigningKeyError(f"the public key in {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SigningKeyError(f"{path} holds no public key in PEM") from error
    return fingerprint_of(parse_public_pem(pem))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that can be no name of a file
        return False
