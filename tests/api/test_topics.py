"""What a listener may ask to hear."""

from __future__ import annotations

import pytest

from interlock.api.streams.topics import types_meant
from interlock.engine.errors import UnknownEventTypeError
from tests.api.running_server import RunningServer


def test_types_are_named_whole_or_by_what_they_begin_with() -> None:
    """`node` means all that becomes of nodes, `node.failed` this alone."""
    assert types_meant(["node", "run.ended"]) == {"node", "run.ended"}


def test_a_type_that_no_event_has_is_refused_and_not_waited_for() -> None:
    """A misspelt type would be a stream that stays silent for ever, and looks as if all were well."""
    with pytest.raises(UnknownEventTypeError, match=r"'node.faild' is no type of event; did you mean node.failed\?"):
        types_meant(["node.faild"])


@pytest.mark.parametrize("address", ["/stream", "/runs/{run}/stream"])
def test_a_stream_of_a_type_that_no_event_has_does_not_begin(server: RunningServer, address: str) -> None:
    """The answer is a problem, as for any other filter that cannot be."""
    run = server.started("make")

    told = server.refused("GET", address.format(run=run), params={"type": "run.nope"})

    assert (told["status"], told["code"]) == (422, "invalid_request")
    assert told["detail"].startswith("'run.nope' is no type of event; ")
