"""Graphs that a tenant has published: known to every process on the store, whatever files it has."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interlock import Interlock
from interlock.embedded.compiling_apart import Apart
from interlock.embedded.drafts import DraftTooLargeError
from interlock.store.errors import RecordChangedError
from tests.embedded.workshop import Workshop

TEXT = 'graph: brought\ninputs: {thing: string}\nnodes: {a: {tool: make, input: {thing: "${inputs.thing}"}}}\n'


def test_a_published_graph_is_run_by_another_process_that_has_no_file_of_it(tmp_path: Path) -> None:
    """A server is restarted, a worker runs elsewhere: the bundle is in the store, and the tools are what they need."""
    store = str(tmp_path / "runs.db")

    async def publish_and_start() -> str:
        async with Interlock(store, tools=Workshop().tools) as server:
            registry = server.registry
            await registry.publish(await registry.prepare("brought", TEXT), by="ada")
            return (await server.start("brought", {"thing": "cup"}, detach=True)).id

    async def work(run: str) -> object:
        async with Interlock(store, tools=Workshop().tools) as worker:
            begun = await worker.start("brought", {"thing": "bowl"})
            return [(await handle.wait()).outputs for handle in (await worker.take_up(run), begun)]

    run = asyncio.run(publish_and_start())

    assert asyncio.run(work(run)) == [{"a": "cup"}, {"a": "bowl"}]


def test_a_draft_and_the_text_of_a_version_outlive_the_process(tmp_path: Path) -> None:
    """What somebody has written is kept as they wrote it."""
    store = str(tmp_path / "runs.db")

    async def write() -> None:
        async with Interlock(store, tools=Workshop().tools) as first:
            await first.registry.publish(await first.registry.prepare("brought", TEXT), by="ada")
            await first.registry.save_draft("brought", TEXT + "# later\n", by="ada", seen=None)

    async def read() -> tuple[str, str]:
        async with Interlock(store, tools=Workshop().tools) as second:
            row = await second.registry.find_draft("brought")
            assert row is not None
            return await second.registry.draft_text(row), (await second.registry.version("brought", 1)).text

    asyncio.run(write())

    assert asyncio.run(read()) == (TEXT + "# later\n", TEXT)


def test_a_graph_that_the_project_holds_is_published_by_its_name(tmp_path: Path) -> None:
    """The files of a project are drafts as well: one without a kept draft is published as it is."""
    (tmp_path / "brought.yaml").write_text(TEXT)

    async def publish() -> tuple[int, bool]:
        async with Interlock(tools=Workshop().tools, graphs=str(tmp_path)) as interlock:
            registry = interlock.registry
            await registry.publish(await registry.prepare("brought"), by="ada")
            kept = await registry.version("brought", 1)
            return kept.release.version, kept.text == TEXT

    assert asyncio.run(publish()) == (1, True)


def test_a_list_notices_files_that_come_and_go(tmp_path: Path) -> None:
    """Whoever edits a file sees it in the list at once, without anything being started anew."""

    async def list_twice() -> list[list[str]]:
        async with Interlock(graphs=str(tmp_path)) as interlock:
            first, _ = await interlock.registry.page(after="", limit=10)
            (tmp_path / "brought.yaml").write_text(TEXT)
            second, _ = await interlock.registry.page(after="", limit=10)
            (tmp_path / "brought.yaml").write_text("graph: [")
            third, _ = await interlock.registry.page(after="", limit=10)
            return [[f"{each.name} {each.is_valid}" for each in page] for page in (first, second, third)]

    assert asyncio.run(list_twice()) == [[], ["brought None"], ["brought False"]]


def test_of_two_who_save_at_once_one_notices() -> None:
    """Both have seen the same draft, and neither the other's."""

    async def save_both() -> list[type | None]:
        async with Interlock() as interlock:
            registry = interlock.registry
            seen, _ = await registry.save_draft("both", "one", by="ada", seen=None)
            saves = [registry.save_draft("both", text, by=text, seen=seen) for text in ("two", "three")]
            results = await asyncio.gather(*saves, return_exceptions=True)
            return [type(each) if isinstance(each, BaseException) else None for each in results]

    assert sorted(map(str, asyncio.run(save_both()))) == sorted(map(str, [None, RecordChangedError]))


def test_a_version_that_was_published_meanwhile_is_not_published_over() -> None:
    """What was prepared was prepared over another version: somebody has to look at it again."""

    async def publish_late() -> None:
        async with Interlock(tools=Workshop().tools) as interlock:
            registry = interlock.registry
            late = await registry.prepare("brought", TEXT)
            other = await registry.prepare("brought", TEXT.replace("nodes", "outputs: {}\nnodes"))
            await registry.publish(other, by="eve")
            await registry.publish(late, by="ada")

    with pytest.raises(RecordChangedError):
        asyncio.run(publish_late())


def test_a_draft_that_is_too_long_is_refused() -> None:
    """Nobody writes megabytes by hand, and everything is bounded."""

    async def save() -> None:
        async with Interlock() as interlock:
            await interlock.registry.save_draft("long", "x" * (8 * 1024 * 1024 + 1), by="ada", seen=None)

    with pytest.raises(DraftTooLargeError):
        asyncio.run(save())


def test_what_takes_long_is_done_beside_the_loop() -> None:
    """Others are answered while a large graph is compiled."""

    async def answer_meanwhile() -> bool:
        answered, loop = asyncio.Event(), asyncio.get_running_loop()
        working = asyncio.ensure_future(
            Apart().do(lambda: asyncio.run_coroutine_threadsafe(answered.wait(), loop).result(10))
        )
        answered.set()
        return await working

    assert asyncio.run(answer_meanwhile())


def test_what_is_small_does_not_wait_for_what_is_large() -> None:
    """Somebody types while a program registers a graph of twenty thousand nodes."""

    async def answer_the_small_one_first() -> list[str]:
        apart, answered, loop = Apart(), asyncio.Event(), asyncio.get_running_loop()
        done: list[str] = []

        def wait() -> None:
            asyncio.run_coroutine_threadsafe(answered.wait(), loop).result(10)
            done.append("large")

        large = asyncio.ensure_future(apart.do(wait, is_large=True))
        await apart.do(lambda: done.append("small"))
        answered.set()
        await large
        return done

    assert asyncio.run(answer_the_small_one_first()) == ["small", "large"]
