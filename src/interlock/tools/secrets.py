"""Secrets: read from the environment and from one file, filled into a call at the door, struck out of what comes back.

All that are known are, whether the call was given them or its tool found them where it should not have looked. Rule 48:
elsewhere only the handle `core.values.Secret` exists. Nothing here encrypts or stores; a secret that a tool transforms
before it returns it (encoded, cut, reversed) is no longer recognised.
"""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from interlock.core.redaction import STRUCK_OUT, TOLD_FROM_TEXT_MIN, Redaction
from interlock.core.values import Secret, Value
from interlock.tools.errors import SecretsNotRead

SECRETS_FILE: Final = "secrets.toml"
"""The file's name in a project's `.interlock` folder: one `name = "value"` a line."""
ENVIRONMENT_PREFIX: Final = "INTERLOCK_SECRET_"


class SecretText:
    """The text of a secret. It prints as `***`; only the tool door reveals it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return STRUCK_OUT

    def __reduce__(self) -> str | tuple[Any, ...]:
        raise TypeError("a secret is not pickled: pass its name")


class SecretSource:
    """Secrets by name."""

    def __init__(self, secrets: Mapping[str, SecretText]) -> None:
        self._secrets = dict(secrets)
        revealed = [text.reveal() for text in self._secrets.values()]
        self._told_from_text = [text for text in revealed if len(text.strip()) >= TOLD_FROM_TEXT_MIN]
        self._redaction = Redaction(self._told_from_text)

    def find(self, name: str) -> SecretText | None:
        """The secret of that name."""
        return self._secrets.get(name)

    def redaction(self, given: Sequence[SecretText] = ()) -> Redaction:
        """What strikes all of them out; one too short to be told from other text only if it was given."""
        if not given:
            return self._redaction
        return Redaction([*self._told_from_text, *(secret.reveal() for secret in given)])

    def __repr__(self) -> str:
        return f"SecretSource({', '.join(sorted(self._secrets))})"


def read_secrets(environment: Mapping[str, str], file: Path | None = None) -> SecretSource:
    """What `INTERLOCK_SECRET_NAME` says, and for other names what the file says (it need not exist)."""
    secrets = _from_file(file) if file is not None and file.exists() else {}
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and text:
            secrets[variable.removeprefix(ENVIRONMENT_PREFIX).lower()] = SecretText(text)
    return SecretSource(secrets)


def _from_file(file: Path) -> dict[str, SecretText]:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise SecretsNotRead(f"{file} can be read by others (mode {mode:04o}): run `chmod 600 {file}`")
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsNotRead(f"{file} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SecretsNotRead(f'{file} is not TOML: {error}; write one `name = "value"` a line') from None
    except RecursionError:
        raise SecretsNotRead(f'{file} is nested too deeply; write one `name = "value"` a line') from None
    return {name: SecretText(_checked_text(file, name, text)) for name, text in table.items()}


def _checked_text(file: Path, name: str, text: object) -> str:
    if not isinstance(text, str) or not text:
        raise SecretsNotRead(f'{file}: `{name}` must be text that is not empty: write `{name} = "value"`')
    return text


class MissingSecret(LookupError):
    """A call needs a secret that nobody has given."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the secret `{name}` is not set: give it as {ENVIRONMENT_PREFIX}{name.upper()}, "
            f"or as a line of .interlock/{SECRETS_FILE}"
        )
        self.name = name


NO_SECRETS: Final = SecretSource({})
NONE_GIVEN: Final[Mapping[str, SecretText]] = MappingProxyType({})
"""Nearly every call is given no secrets."""


def fill(value: Value, source: SecretSource, given: Mapping[str, SecretText] = NONE_GIVEN) -> tuple[Value, Redaction]:
    """The value with every handle replaced by its secret, and what strikes all out; or `MissingSecret`.

    Its lists and maps are new ones: a tool may do with them what it likes, and the run's own stay as they were. What
    the call is `given` besides is struck out as well.
    """
    used: list[SecretText] = list(given.values())
    filled = _filled(value, source, used)
    return filled, source.redaction(used)


def named_secrets(names: Sequence[str], source: SecretSource) -> Mapping[str, SecretText]:
    """The secrets of these names; `MissingSecret` if one is not there."""
    return {name: _secret(name, source) for name in names} if names else NONE_GIVEN


def _secret(name: str, source: SecretSource) -> SecretText:
    secret = source.find(name)
    if secret is None:
        raise MissingSecret(name)
    return secret


def _filled(value: Value, source: SecretSource, used: list[SecretText]) -> Value:
    match value:
        case dict():
            return {key: _filled(item, source, used) for key, item in _fields(value).items()}
        case list():
            return [_filled(item, source, used) for item in _items(value)]
        case Secret():
            secret = _secret(value.name, source)
            used.append(secret)
            return secret.reveal()
        case _:
            return value


def _items(value: Value) -> list[Value]:
    """A list in a canonical value, by its type."""
    return value


def _fields(value: Value) -> dict[str, Value]:
    """A map in a canonical value, by its type."""
    return value
