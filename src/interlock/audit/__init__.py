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
from interlock.audit.exporting import RunExport
from interlock.audit.import_record import ImportRecord, find_import
from interlock.audit.importing import ImportedRun, import_run, verified_file
from interlock.audit.kept_key import signing_key
from interlock.audit.manifest import Manifest, RunSummary, Signature
from interlock.audit.run_file import VerifiedFile, verify_file
from interlock.audit.signing_key import SigningKey, fingerprint_of, parse_public_pem, public_pem, verify
from interlock.audit.trusting import trusted_fingerprint

__all__ = [
    "AuditError",
    "ImportRecord",
    "ImportedRun",
    "Manifest",
    "NotExportedError",
    "NotImportedError",
    "RunExport",
    "RunFileError",
    "RunSummary",
    "Signature",
    "SigningKey",
    "SigningKeyError",
    "UntrustedSignerError",
    "VerifiedFile",
    "find_import",
    "fingerprint_of",
    "import_run",
    "parse_public_pem",
    "public_pem",
    "signing_key",
    "trusted_fingerprint",
    "verified_file",
    "verify",
    "verify_file",
]
