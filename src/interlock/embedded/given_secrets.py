"""Secrets as they are given to an `Interlock`: by name, as text, or as a source that was read from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.tools.secrets import SecretSource, SecretText

Secrets = SecretSource | Mapping[str, str]
"""Secrets by name, as text; or a source that was read from the environment and a file."""


def secret_source(secrets: Secrets) -> SecretSource:
    """The source of what was given."""
    if isinstance(secrets, SecretSource):
        return secrets
    return SecretSource({name: SecretText(text) for name, text in secrets.items()})
