"""What can go wrong with a prompt when it is filled."""

from __future__ import annotations

from interlock.core.errors import InterlockError


class PromptFailed(InterlockError):
    """A prompt cannot be filled: says what is missing, or what is too much."""
