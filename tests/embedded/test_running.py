"""Running a graph in one line: what may be given as a graph, what comes back, and how mistakes are told."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock import Interlock, InvalidGraphError, RequestRefusedError, UnknownGraphError
from interlock.embedded import (
    OtherLoopError,
    RunningLoopError,
    TwoGraphsError,
    UnreadableFolderError,
    UnreadableGraphError,
)
from interlock.store import PlaceError
from tests.embedded.workshop import ASK, Graph, Workshop, graph, making
from tests.store.event_loop import in_event_loop

HELLO = """\
graph: hello
inputs: {name: string}
nodes:
  greeting: {value: "Hello ${inputs.name}"}
outputs: {text: "${greeting}"}
"""


def test_a_graph_file_is_run_in_one_line(tmp_path: Path, store: str) -> None:
    """The first thing that anybody tries."""
    file = tmp_path / "hello.yaml"
    file.write_text(HELLO)

    result = Interlock(store).run(file, {"name": "Ada"})

    assert (result.graph, result.status, result.outputs) == ("hello", "succeeded", {"text": "Hello Ada"})
    assert {path: node.status for path, node in result.nodes.items()} == {"greeting": "succeeded"}


def test_one_client_runs_several_graphs_after_each_other(store: str) -> None:
    """Each line opens and closes an event loop of its own; what was kept before is still there."""
    workshop = Workshop()
    interlock = Interlock(store, tools=workshop.tools)

    first = interlock.run(graph({"a": making("a")}))
    second = interlock.run(graph({"b": making("b")}))

    assert (first.status, second.status) == ("succeeded", "succeeded")
    assert workshop.done == ["make a", "make b"]


def test_a_graph_is_found_by_its_name_in_the_folder_of_graphs(tmp_path: Path) -> None:
    """A project names its graphs; which file holds one is not the caller's concern."""
    (tmp_path / "some_file.yaml").write_text(HELLO)

    assert Interlock(graphs=tmp_path).run("hello", {"name": "Ada"}).outputs == {"text": "Hello Ada"}


@pytest.mark.parametrize(("rounds", "letters"), [(1, 1), (3, 1), (100, 1_000)], ids=["one", "a few", "in parts"])
def test_a_list_that_grows_is_a_plain_list_in_the_result(rounds: int, letters: int, store: str) -> None:
    """How it is kept is nobody's concern outside of the run."""
    entry = "x" * letters
    body: Graph = {"entry": {"value": entry}, "log": {"value": "${append(round.last.log, entry)}"}}
    grow: Graph = {"loop": body, "max": rounds, "at_max": "accept", "outputs": {"log": "${log}"}}

    result = Interlock(store).run(graph({"grow": grow}))

    assert result.outputs == {"grow": {"log": [entry] * rounds}}


def test_graphs_can_be_known_by_name_without_a_folder() -> None:
    """A test or a service may hold its graphs as data."""
    outer: Graph = {"graph": "outer", "nodes": {"a": {"graph": "inner", "input": {}}}, "outputs": {"x": "${a.y}"}}
    inner: Graph = {"graph": "inner", "nodes": {"b": {"value": 7}}, "outputs": {"y": "${b}"}}

    assert Interlock(graphs={"outer": outer, "inner": inner}).run("outer").outputs == {"x": 7}


def test_a_graph_finds_the_graphs_it_names_beside_its_own_file(tmp_path: Path) -> None:
    """A folder with two files works without any settings."""
    (tmp_path / "outer.yaml").write_text("graph: outer\nnodes: {a: {graph: hello, input: {name: Ada}}}\n")
    (tmp_path / "inner.yaml").write_text(HELLO)

    assert Interlock().run(tmp_path / "outer.yaml").outputs == {"a": {"text": "Hello Ada"}}


def test_the_problems_of_a_graph_are_told_with_their_lines(tmp_path: Path) -> None:
    """Someone who mistypes wants the place, not a trace of ours."""
    file = tmp_path / "hello.yaml"
    file.write_text(HELLO.replace("inputs.name", "inputs.nmae"))

    with pytest.raises(InvalidGraphError) as refused:
        Interlock().run(file, {"name": "Ada"})

    assert f"{file}:4:" in refused.value.rendered
    assert "name" in refused.value.rendered
    assert [problem.severity for problem in refused.value.problems] == ["error"]


def test_a_file_that_holds_no_graph_is_told_as_such(tmp_path: Path) -> None:
    """Also what cannot be read as a document at all is a problem with a place."""
    file = tmp_path / "broken.yaml"
    file.write_text("graph: [")

    with pytest.raises(InvalidGraphError, match=r"broken\.yaml:1:"):
        Interlock().run(file)


def test_a_misspelt_name_is_answered_with_the_nearest_one(tmp_path: Path) -> None:
    """The folder is known, so the answer can be."""
    (tmp_path / "hello.yaml").write_text(HELLO)

    with pytest.raises(UnknownGraphError, match=r"did you mean hello\?"):
        Interlock(graphs=tmp_path).run("helo")


def test_a_text_in_place_of_a_list_of_tools_is_refused() -> None:
    """A text is a list of letters, each of which would be imported as a module."""
    with pytest.raises(TypeError, match=r"write `tools=\['tools'\]`"):
        Interlock(tools="tools")


def test_a_file_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    """Not as a graph with problems."""
    with pytest.raises(UnreadableGraphError, match="No such file"):
        Interlock().run(tmp_path / "missing.yaml")


def test_a_folder_of_graphs_that_cannot_be_read_is_told_as_such(tmp_path: Path) -> None:
    """To say that there is no such graph would send people looking for a file that is where it was."""
    folder = tmp_path / "graphs"
    folder.write_text("no folder")

    with pytest.raises(UnreadableFolderError) as refused:
        Interlock(graphs=folder).run("hello")

    assert str(refused.value) == f"the folder of graphs {folder} cannot be read: Not a directory"


def test_a_graph_that_cannot_be_read_is_in_nobody_elses_way(tmp_path: Path) -> None:
    """A colleague's file with the wrong rights must not stop the graphs of a whole team."""
    (tmp_path / "hello.yaml").write_text(HELLO)
    (tmp_path / "other.yaml").symlink_to("other.yaml")
    interlock = Interlock(graphs=tmp_path)

    with pytest.raises(UnreadableGraphError) as refused:
        interlock.run("other")

    assert str(refused.value).startswith(f"the graph {tmp_path / 'other.yaml'} cannot be read: Too many levels")
    assert interlock.run("hello", {"name": "Ada"}).succeeded
    assert interlock.graphs.names() == ["hello", "other"]


def test_a_graph_that_needs_one_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """It is there: to hear that there is none would be a riddle."""
    (tmp_path / "calls.yaml").write_text("graph: calls\nnodes: {a: {graph: other}}\n")
    (tmp_path / "other.yaml").symlink_to("other.yaml")

    [checked] = Interlock(graphs=tmp_path).graphs.check_each(["calls"])

    assert [problem.message.partition(": ")[0] for problem in checked.problems] == [
        f"the graph {tmp_path / 'other.yaml'} cannot be read"
    ]


def test_two_files_with_graphs_of_one_name_are_refused(tmp_path: Path) -> None:
    """Whichever were taken, somebody would look for their change in the other one."""
    (tmp_path / "one.yaml").write_text(HELLO)
    (tmp_path / "two.yaml").write_text(HELLO)

    with pytest.raises(TwoGraphsError, match="rename one of them"):
        Interlock(graphs=tmp_path).run("hello")


def test_inputs_that_the_graph_does_not_take_are_refused_and_leave_no_run(store: str) -> None:
    """A run that could never have started is not kept."""
    interlock = Interlock(store)

    with pytest.raises(RequestRefusedError, match="the inputs are not what graph hello takes"):
        interlock.run({"graph": "hello", "inputs": {"name": "string"}, "nodes": {"a": {"value": 1}}}, {"name": 7})


def test_a_run_that_only_a_person_can_move_on_is_given_back_as_it_stands(store: str) -> None:
    """A script must not hang at a question that nobody sees."""
    result = Interlock(store, tools=Workshop().tools).run(ASK)

    assert (result.status, result.has_ended) == ("waiting", False)
    assert [(wait.path, wait.reason) for wait in result.waits] == [("approve", "person")]


def test_a_run_stays_through_its_timers() -> None:
    """Time moves such a run on, so waiting for it is no hanging."""
    result = Interlock().run(graph({"nap": {"wait": "20ms"}, "after_it": {"value": 1, "after": "nap"}}))

    assert (result.status, result.outputs) == ("succeeded", {"after_it": 1})


@in_event_loop
async def test_the_waiting_run_refuses_to_stop_a_running_event_loop() -> None:
    """It would stand still for ever; what to write instead is told."""
    with pytest.raises(RunningLoopError, match=r"await interlock\.run_async"):
        Interlock().run(ASK)


@in_event_loop
async def test_inside_an_event_loop_it_is_one_line_as_well(store: str) -> None:
    """A service has a loop already."""
    workshop = Workshop()

    result = await Interlock(store, tools=workshop.tools).run_async(graph({"a": making("a")}))

    assert (result.status, workshop.done) == ("succeeded", ["make a"])


@in_event_loop
async def test_several_lines_may_run_at_the_same_time(store: str) -> None:
    """The first to end must not close the store on the others."""
    interlock = Interlock(store, tools=Workshop().tools)

    async with asyncio.TaskGroup() as lines:
        long = lines.create_task(interlock.run_async(graph({"nap": {"wait": "50ms"}})))
        short = lines.create_task(interlock.run_async(graph({"a": making("a")})))

    assert (long.result().status, short.result().status) == ("succeeded", "succeeded")


@in_event_loop
async def test_a_place_that_cannot_be_opened_is_told_each_time(tmp_path: Path) -> None:
    """A failed opening leaves nothing half open."""
    (tmp_path / "interlock.db").write_bytes(b"no database" * 100)
    interlock = Interlock(tmp_path / "interlock.db")

    with pytest.raises(PlaceError):
        await interlock.run_async(ASK)
    with pytest.raises(PlaceError):
        await interlock.run_async(ASK)


@in_event_loop
async def test_a_graph_that_was_checked_once_is_run_as_it_was(store: str, tmp_path: Path) -> None:
    """Who runs it a thousand times need not have it read and compiled a thousand times."""
    file = tmp_path / "hello.yaml"
    file.write_text(HELLO)
    async with Interlock(store) as interlock:
        hello = interlock.check(file)
        file.unlink()

        result = await interlock.run_async(hello, {"name": "Ada"})

        assert (hello.is_valid, hello.rendered(), result.outputs) == (True, "", {"text": "Hello Ada"})


@in_event_loop
async def test_starting_twice_under_one_key_starts_once(store: str) -> None:
    """A client that lost the answer asks again; the thing must not happen twice."""
    workshop = Workshop()
    async with Interlock(store, tools=workshop.tools) as interlock:
        first = await interlock.start(graph({"a": making("a")}), key="order 7")
        await first.wait()

        second = await interlock.start(graph({"a": making("a")}), key="order 7")

        assert second.id == first.id
        assert (await second.wait()).status == "succeeded"
        assert [(row.run, row.key) for row in await interlock.runs()] == [(first.id, "order 7")]
        assert (first.is_new, second.is_new) == (True, False)
    assert workshop.done == ["make a"]


def test_a_result_says_whether_its_run_is_a_new_one(store: str) -> None:
    """What came of a run of last week is easily taken for what came of the inputs of now."""
    interlock = Interlock(store)
    greets = graph({"a": {"value": "Hello ${inputs.name}"}}, inputs={"name": "string"})

    ada = interlock.run(greets, {"name": "Ada"}, key="k1")
    bob = interlock.run(greets, {"name": "Bob"}, key="k1")

    assert (ada.outputs, ada.is_new) == ({"a": "Hello Ada"}, True)
    assert (bob.outputs, bob.is_new) == ({"a": "Hello Ada"}, False)


@in_event_loop
async def test_a_run_that_others_are_to_drive_is_left_to_them_also_when_it_is_started_again(store: str) -> None:
    """The second of two starts is to be the same as the first, not to drive the run from a place without its tools."""
    workshop = Workshop()
    async with Interlock(store, tools=workshop.tools) as interlock:
        first = await interlock.start(graph({"a": making("a")}), key="order 7", detach=True)

        second = await interlock.start(graph({"a": making("a")}), key="order 7", detach=True)

        assert (first.is_new, second.is_new, second.id) == (True, False, first.id)
    assert workshop.done == []


GREETING: Graph = graph(
    {"a": {"value": "${inputs.greeting} ${inputs.name}"}},
    inputs={"name": "string", "times": "number?", "greeting": {"type": "string", "default": "Hello"}},
)


@in_event_loop
async def test_a_run_knows_whether_it_was_given_some_inputs(store: str) -> None:
    """What a default would have said is the same said outright; a number is no other for being true to Python."""
    async with Interlock(store) as interlock:
        run = await interlock.start(GREETING, {"name": "x" * 100_000, "times": 1})
        given = {"name": "x" * 100_000, "times": 1}

        assert await run.was_given(given)
        assert await run.was_given({"greeting": "Hello", **given})
        assert not await run.was_given({**given, "name": "Ada"})
        assert not await run.was_given({**given, "times": True})
        assert not await run.was_given({})


@in_event_loop
async def test_large_values_are_loaded_for_people(store: str) -> None:
    """They are kept beside the log; who asks for an output wants the output."""
    text = "x" * 100_000
    async with Interlock(store) as interlock:
        handle = await interlock.start(
            {"graph": "big", "inputs": {"text": "string"}, "nodes": {"a": {"value": "${inputs.text}"}}}, {"text": text}
        )

        result = await handle.wait()

        assert result.outputs == {"a": text}
        assert result.nodes["a"].output == text
        assert (await handle.view()).inputs == {"text": text}


def test_a_secret_reaches_the_tool_and_no_record() -> None:
    """Its name is on record, its text is not."""
    workshop = Workshop()
    document = {
        "graph": "secretive",
        "secrets": ["token"],
        "nodes": {"a": {"tool": "make", "input": {"thing": "${secrets.token}"}}},
    }

    result = Interlock(tools=workshop.tools, secrets={"token": "hunter2"}).run(document)

    assert workshop.done == ["make hunter2"]
    assert result.outputs == {"a": "***"}
    assert "hunter2" not in str(result)


def test_threads_that_share_a_client_take_turns(store: str) -> None:
    """A web server calls it from as many threads as it has; each gets the run it asked for."""
    interlock = Interlock(store, tools=Workshop().tools)
    document = graph({"a": {"tool": "make", "input": {"thing": "${inputs.thing}"}}}, inputs={"thing": "string"})

    def run(thing: str) -> object:
        return interlock.run(document, {"thing": thing}).outputs

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(run, "abcd"))

    assert results == [{"a": thing} for thing in "abcd"]


@in_event_loop
async def test_a_client_that_is_open_in_one_event_loop_says_so_in_another(store: str) -> None:
    """Waiting for something that belongs to another loop would be waiting for ever."""
    async with Interlock(store) as interlock:
        with pytest.raises(OtherLoopError, match="make another `Interlock"):
            await asyncio.to_thread(interlock.run, graph({"a": {"value": 1}}))
