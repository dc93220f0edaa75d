"""What cannot be done with artifacts, as one small tree.

ArtifactError
├── ArtifactNotFoundError     nothing is kept under that digest
├── ArtifactTooLongError      more bytes than may be kept as one
└── ArtifactInUseError        runs on record name it
"""

from __future__ import annotations

from interlock.core.errors import InterlockError


class ArtifactError(InterlockError):
    """Something about an artifact that cannot be; the message says what to do next."""


class ArtifactNotFoundError(ArtifactError):
    """Nothing is kept under that digest, or it is another tenant's, which is not told apart."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"there is no artifact {digest[:_SHOWN_MAX]!r}: upload it, and take the digest of the answer")
        self.digest = digest


class ArtifactTooLongError(ArtifactError):
    """More bytes than may be kept as one; nothing of them is."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"an artifact may have {bytes_max:,} bytes here (server.upload_bytes): upload it in parts")
        self.bytes_max = bytes_max


class ArtifactInUseError(ArtifactError):
    """Runs on record were started with it."""

    def __init__(self, digest: str, run: str) -> None:
        super().__init__(
            f"artifact {digest} is an input of run {run}: it can be given up once no run on record was started with it"
        )
        self.digest, self.run = digest, run


_SHOWN_MAX = 80
