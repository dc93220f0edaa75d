"""The file of pins is written as a whole, or stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.tools import ToolError
from interlock.tools.pinning import Pins, read_pins, write_pins


def test_pins_that_cannot_be_written_leave_nothing_behind(tmp_path: Path) -> None:
    """The folder is the project's own, and is kept: half a file beside the real one would be committed."""
    place = tmp_path / "tools.lock"
    place.mkdir()

    with pytest.raises(ToolError, match=r"tools\.lock cannot be written: Is a directory"):
        write_pins(place, Pins())

    assert list(tmp_path.iterdir()) == [place]


def test_pins_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Also where there are none."""
    write_pins(tmp_path / "tools.lock", Pins())

    assert list(read_pins(tmp_path / "tools.lock")) == []
    assert [file.name for file in tmp_path.iterdir()] == ["tools.lock"]
