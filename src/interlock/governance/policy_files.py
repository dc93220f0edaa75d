"""The files of a project's policy: which there are, and the policy that they make, or the default set without any."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from interlock.authoring.yaml_document import DEFAULT_LIMITS
from interlock.governance.errors import PolicyError
from interlock.governance.loading import PolicySource, default_policy, load_policy
from interlock.governance.policy import Policy

SUFFIXES: Final = (".yaml", ".yml", ".json")
FILES_MAX: Final = 1_000


def project_policy(folder: Path) -> Policy:
    """The policy of a project: the files of its folder, or where there is none, the default set.

    Raises `PolicyError` with every problem of every file.
    """
    sources = policy_sources(folder)
    return load_policy(sources) if sources else default_policy()


def policy_sources(folder: Path) -> list[PolicySource]:
    """Every file of a folder that holds rules, in the order of their names; a folder that is not there has none."""
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise PolicyError(f"{folder} is a file, and policies stand in a folder: put it into one")
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and not file.name.startswith("."))
    except OSError as error:
        raise PolicyError(f"{folder} cannot be read: {error.strerror or error}") from error
    if len(files) > FILES_MAX:
        raise PolicyError(f"{folder} holds {len(files):,} files, more than {FILES_MAX:,}: put rules together")
    return [policy_source(file) for file in files]


def policy_source(file: Path) -> PolicySource:
    """The text of a file. Of one that is too long, as much as it takes to say so."""
    try:
        if not file.is_file():
            raise PolicyError(f"{file} is no file: policies are files of YAML in one folder")
        with file.open("rb") as opened:
            return PolicySource(str(file), opened.read(DEFAULT_LIMITS.document_bytes + 1))
    except OSError as error:
        raise PolicyError(f"{file} cannot be read: {error.strerror or error}") from error
