"""What happened, proven to others: the key that signs for an installation, and runs carried as signed files."""

from __future__ import annotations

from interlock.audit.errors import (
    AuditError,
    NotExportedError,
    NotImportedError,
    RunFileError,
    SigningKeyError,
    UntrustedSignerError,
)
from interlock.audit.exporting import export_run
from interlock.audit.kept_key import signing_key
from interlock.audit.manifest import Manifest, RunSummary, Signature
from interlock.audit.run_file import VerifiedFile, verify_file
from interlock.audit.signing_key import SigningKey, fingerprint_of, parse_public_pem, public_pem, verify

__all__ = [
    "AuditError",
    "Manifest",
    "NotExportedError",
    "NotImportedError",
    "RunFileError",
    "RunSummary",
    "Signature",
    "SigningKey",
    "SigningKeyError",
    "UntrustedSignerError",
    "VerifiedFile",
    "export_run",
    "fingerprint_of",
    "parse_public_pem",
    "public_pem",
    "signing_key",
    "verify",
    "verify_file",
]
