"""Sinks as the settings declare them."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlock.sinks.declaring import SinkSettings


def test_an_address_alone_stands_for_the_whole() -> None:
    """Most sinks need no more, and a table for one word is a nuisance."""
    assert SinkSettings.model_validate("file:events.jsonl") == SinkSettings(to="file:events.jsonl")


@pytest.mark.parametrize("given", ["events.jsonl", "", {"to": "file:x", "secrte": "k"}, {"secret": "k"}, 7])
def test_what_is_no_declaration_is_refused(given: object) -> None:
    """A sink that is misspelt would tell nobody anything, in silence."""
    with pytest.raises(ValidationError):
        SinkSettings.model_validate(given)
