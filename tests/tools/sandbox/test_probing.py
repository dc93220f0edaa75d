"""A tier is offered only if nothing gets out when it is tried; where none is left the reasons are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interlock.tools.sandbox import EnclosedSandbox, NoSandbox, describe, find_sandbox
from interlock.tools.sandbox.probing import TierUnavailable, try_to_break_out
from tests.tools.sandbox.places import PLACES, Leaky, place_named


@pytest.mark.parametrize("name", PLACES)
def test_a_tier_that_holds_is_offered(name: str) -> None:
    """The trial is passed in every way that a tier can be had here."""
    with place_named(name) as sandbox:
        asyncio.run(try_to_break_out(sandbox))


def test_the_machine_offers_its_best_tier() -> None:
    """Whoever asks for a sandbox does not choose a tier."""
    sandbox = asyncio.run(find_sandbox(tiers=("bubblewrap", "landlock")))

    assert isinstance(sandbox, EnclosedSandbox)
    told = describe(sandbox)
    assert (told.tier, told.gaps) == (sandbox.tier, sandbox.gaps)
    assert told.sentence.startswith("programs run under ")


def test_where_there_is_none_each_reason_is_told() -> None:
    """Nothing runs then, and whoever reads this knows what to install."""
    found = asyncio.run(find_sandbox(runsc="/no/runsc", bwrap="/no/bwrap", tiers=("gvisor", "bubblewrap", "other")))

    assert found == NoSandbox(
        reasons=(
            ("gvisor", "there is no program /no/runsc"),
            ("bubblewrap", "there is no program /no/bwrap"),
            ("other", "there is no such tier; there are gvisor, bubblewrap, landlock"),
        )
    )
    assert describe(found).sentence == (
        "there is no sandbox on this machine, so programs are refused here (gvisor: there is no program /no/runsc; "
        "bubblewrap: there is no program /no/bwrap; other: there is no such tier; there are gvisor, bubblewrap, "
        "landlock)"
    )


def test_a_program_that_only_calls_itself_bubblewrap_is_found_out(tmp_path: Path) -> None:
    """A tier is not believed because something is installed under its name."""
    program = tmp_path / "bwrap"
    program.write_text("#!/bin/sh\necho bwrap: no permissions to create a namespace >&2\nexit 1\n")
    program.chmod(0o755)

    found = asyncio.run(find_sandbox(bwrap=str(program), tiers=("bubblewrap",)))

    assert isinstance(found, NoSandbox)
    assert found.reasons[0][0] == "bubblewrap"
    assert "a trial job did not run: its supervisor ended before it did" in found.reasons[0][1]


@pytest.mark.parametrize(
    ("forgotten", "found_out"),
    [
        ({}, ["it read a file of this machine", "it wrote to a folder of this machine", "it wrote to a file"]),
        ({"families": (1, 2)}, ["it reached a server of this machine", "it reached a socket of this machine"]),
    ],
)
def test_a_tier_that_lets_something_through_is_refused_by_name(
    forgotten: dict[str, object], found_out: list[str]
) -> None:
    """The trial is worth something only if it sees what it looks for."""
    with pytest.raises(TierUnavailable) as refused:
        asyncio.run(try_to_break_out(EnclosedSandbox(Leaky(**forgotten))))

    assert str(refused.value).startswith("a trial job got out of it: ")
    assert [leak for leak in found_out if leak not in str(refused.value)] == []
