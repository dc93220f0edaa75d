"""What stops a decision that needs a value kept outside the state: not an error, but a wish to have it loaded."""

from __future__ import annotations


class Missing(Exception):
    """Values are kept outside the state: load these digests and ask again."""

    def __init__(self, digests: frozenset[str]) -> None:
        super().__init__(f"{len(digests)} values are not loaded")
        self.digests = digests
