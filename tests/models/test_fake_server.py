"""The fake server by itself: whatever runs on scripts runs against a real server as well."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from interlock.core.messages import Answered, AskedCall, Instructions, ModelRequest, Said, Told
from interlock.models.outcomes import ModelAnswered
from tests.models.set_up import READ_FILE, ManualTime, asked, compatible, gateway, priced
from tests.store.event_loop import in_event_loop

REPOSITORY = Path(__file__).parents[2]
SCRIPT = """\
agent: reader
turns:
  - calls: [{tool: read_file, arguments: {path: app.py}}]
  - when: {tool: read_file, result: "x = (?P<x>[0-9]+)"}
    answer: {x: "${x}"}
"""


@contextmanager
def serving(scripts: Path, *words: str) -> Generator[str]:
    """The address of the server, in a process of its own."""
    command = [sys.executable, "-m", "tests.models.fake_server", "--scripts", str(scripts), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


@in_event_loop
async def test_a_conversation_runs_through_the_wire_as_it_is_scripted(tmp_path: Path) -> None:
    """With tools, streams and a refusal every third time, none of which its agent notices."""
    (tmp_path / "reader.yaml").write_text(SCRIPT)
    start = (Instructions("You are the reader."), Told("Read app.py."))
    answers: list[str] = []
    with serving(tmp_path, "--rude-every", "3") as url:
        async with gateway({"a": compatible(url)}, priced("a/m"), time=ManualTime()) as models:
            first = await asked(models, ModelRequest(start, (READ_FILE,)), on_token=answers.append)
            assert isinstance(first, ModelAnswered)
            further = (*start, Said("", first.reply.calls), Answered(first.reply.calls[0].id, "read_file", "x = 41"))
            second = await asked(models, ModelRequest(further, (READ_FILE,)), on_token=answers.append)
            third = await asked(models, ModelRequest(further, (READ_FILE,)))

    assert first.reply.calls == (AskedCall("reader-0-1", "read_file", {"path": "app.py"}),)
    assert isinstance(second, ModelAnswered)
    assert isinstance(third, ModelAnswered)
    assert (second.reply.text, third.reply.text, "".join(answers)) == ('{"x":"41"}', '{"x":"41"}', '{"x":"41"}')
    assert [each.error and each.error.kind for each in third.tries] == ["rate_limited", None]
