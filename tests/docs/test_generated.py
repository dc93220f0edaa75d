"""What pages repeat of the code is what the code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.docs.command_reference import command_names
from tests.docs.generated import (
    EDITOR_SCHEMA,
    OPENAPI,
    POLICY_SCHEMA,
    editor_schema,
    openapi_document,
    policy_editor_schema,
    with_parts,
)
from tests.docs.page import ROOT, name_of, pages

AGAIN = "out of date: run `make fix`, which writes it anew from the code"


@pytest.mark.parametrize("path", pages(), ids=name_of)
def test_what_a_page_repeats_of_the_code_is_what_the_code_says(path: Path) -> None:
    """A table of options that is kept by hand is wrong within a month."""
    text = path.read_text(encoding="utf-8")

    assert with_parts(text) == text, AGAIN


def test_every_command_has_its_section() -> None:
    """A command that the reference leaves out is known only to those who made it."""
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")

    missing = [name for name in command_names() if f"<!-- generated: command {name} -->" not in text]

    assert missing == []


def test_editors_get_the_schemas_of_this_version() -> None:
    """An editor that checks with an old schema marks good graphs and policies as wrong."""
    graphs = EDITOR_SCHEMA.read_text(encoding="utf-8")
    policies = POLICY_SCHEMA.read_text(encoding="utf-8")

    assert json.loads(graphs) == json.loads(editor_schema()), AGAIN
    assert json.loads(policies) == json.loads(policy_editor_schema()), AGAIN


def test_the_typescript_client_is_made_for_the_api_as_it_is() -> None:
    """Its types come of this document: a field that it does not know is one that nobody can use."""
    assert json.loads(OPENAPI.read_text(encoding="utf-8")) == json.loads(openapi_document()), AGAIN
