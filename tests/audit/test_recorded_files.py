"""Run files that earlier releases have written are read for ever, and what they hold is still the same run."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.audit.manifest import SIGNATURES
from interlock.audit.run_file import verify_file
from tests.audit.run_files import Carried, exported, part_of, unpacked
from tests.store.event_loop import in_event_loop

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.run.tar"))


@pytest.fixture(params=RECORDED, ids=lambda file: file.name)
def recorded(request: pytest.FixtureRequest) -> bytes:
    """A file as it was written then."""
    file: Path = request.param
    return file.read_bytes()


def test_an_older_file_is_still_whole(recorded: bytes) -> None:
    """Who was given a run years ago can show it years from now; its lines of decisions are derived as they were."""
    summary = verify_file(io.BytesIO(recorded)).manifest.summary
    points = [json.loads(line)["point"] for line in part_of(recorded, "decisions/0000000001.jsonl").splitlines()]

    assert (summary.graph, summary.status, summary.kind) == ("order", "succeeded", "start")
    assert points == ["run", "gate", "answer", "answer"]


@in_event_loop
async def test_an_older_file_is_kept_replayed_and_written_again(recorded: bytes) -> None:
    """It is not only evidence but a run."""
    async with Interlock() as interlock:
        handle = await interlock.open((await interlock.run_files.import_run(Carried(recorded))).run)

        assert (await handle.replay()).verdict == "same"
        again = unpacked(await exported(handle))
        assert [part for part in again if part.name != SIGNATURES] == [
            part for part in unpacked(recorded) if part.name != SIGNATURES
        ]
