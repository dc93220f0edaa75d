"""What proving and carrying runs can raise, as one small tree.

AuditError
├── SigningKeyError        text or bytes that are no key to sign or to verify with
├── RunFileError           a run file is not what was signed: which part of it, and which event
├── RunFileTooLongError    a run file is longer than whoever takes it allows
├── UntrustedSignerError   nobody who is trusted has signed a run file
├── NotExportedError       a run cannot be put into a file now
└── NotImportedError       a run file is sound, and is not kept here
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.core.errors import InterlockError


class AuditError(InterlockError):
    """Something that cannot be proven or carried; the message says which thing and what to do next."""


class SigningKeyError(AuditError):
    """Something that should be a key is none."""


class RunFileError(AuditError):
    """A run file is not what was signed. `part` is the part of it that is at fault, `seq` the event, if it is one."""

    def __init__(self, what: str, *, part: str, seq: int | None = None) -> None:
        super().__init__(f"{what}: nothing of it is kept; ask whoever sent the file for another copy")
        self.what, self.part, self.seq = what, part, seq


class RunFileTooLongError(AuditError):
    """What is sent is longer than whoever takes it allows."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"the file is longer than the {bytes_max:,} bytes that are taken here: use `interlock import`")
        self.bytes_max = bytes_max


class UntrustedSignerError(AuditError):
    """A run file is whole, and signed by somebody who is not among those who are trusted."""

    def __init__(self, signers: Sequence[str], *, trusted: Sequence[str]) -> None:
        super().__init__(
            f"the file is signed by {', '.join(signers)}, and only {', '.join(trusted)} is trusted: ask whoever sent "
            "it which key theirs is (`interlock signer` shows it), and trust that one if it is the right one"
        )
        self.signers, self.trusted = tuple(signers), tuple(trusted)


class NotExportedError(AuditError):
    """A run cannot be put into a file as it is now."""

    def __init__(self, run: str, why: str) -> None:
        super().__init__(f"run {run} is not exported: {why}")
        self.run = run


class NotImportedError(AuditError):
    """What a run file holds is sound, and is not kept here."""

    def __init__(self, run: str, why: str) -> None:
        super().__init__(f"run {run} is not kept here: {why}")
        self.run = run
