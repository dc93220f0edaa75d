"""Interlock as A2A agents: the official client finds a graph by its signed card, and its tasks are runs."""

from __future__ import annotations

import asyncio

import pytest
from a2a.client import A2AClientError
from a2a.types import a2a_pb2 as a2a
from a2a.utils.errors import InvalidParamsError, TaskNotCancelableError, TaskNotFoundError, UnsupportedOperationError
from google.protobuf.json_format import MessageToDict

from interlock.settings import ServerSettings
from tests.api.a2a.clients import a_message, client_of, outputs_of, sent
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server

SAYS = {
    "inputs": {"text": {"type": "string"}},
    "nodes": {"a": {"emit": "said", "data": "${inputs.text}"}},
    "outputs": {"said": "${inputs.text}"},
}
HELLO = {"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {"id": "none"}}
VERSION = {"a2a-version": "1.0"}


def test_a_graph_is_found_by_its_card_and_its_task_is_a_run(server: RunningServer) -> None:
    """Another agent needs an address and nothing else; what it asked for is on record like any run."""

    async def story() -> a2a.Task:
        async with client_of(server, "make") as client:
            return await sent(client, a_message({"thing": "bowl"}))

    task = asyncio.run(story())

    assert task.status.state == a2a.TaskState.TASK_STATE_COMPLETED
    assert outputs_of(task) == {"a": "bowl"}
    run = server.get(f"/runs/{task.id}")
    assert (run["status"], run["inputs"], run["labels"]) == ("succeeded", {"thing": "bowl"}, {"via": "a2a"})


def test_plain_words_are_the_one_input_that_is_text(server: RunningServer) -> None:
    """Most agents send words, and know no schema."""

    async def story(speaking: RunningServer) -> a2a.Task:
        async with client_of(speaking, "say") as client:
            return await sent(client, a_message("good morning"))

    async def refused() -> None:
        async with client_of(server, "make") as client:
            await sent(client, a_message("good morning"))

    with running_server({"say": SAYS}) as speaking:
        task = asyncio.run(story(speaking))
    with pytest.raises(InvalidParamsError, match="thing"):
        asyncio.run(refused())

    assert outputs_of(task) == {"said": "good morning"}
    assert task.artifacts[0].parts[1].text == "good morning"


def test_the_same_message_starts_nothing_twice(server: RunningServer) -> None:
    """Whoever lost the answer sends it again; two orders would be a mistake."""

    async def story() -> list[str]:
        async with client_of(server, "make") as client:
            first = await sent(client, a_message({"thing": "jug"}, id="order-1"))
            again = await sent(client, a_message({"thing": "jug"}, id="order-1"))
            with pytest.raises(InvalidParamsError, match="something else"):
                await sent(client, a_message({"thing": "pan"}, id="order-1"))
            return [first.id, again.id]

    first, again = asyncio.run(story())

    assert first == again


def test_a_task_that_needs_input_is_answered_by_the_next_message(server: RunningServer) -> None:
    """The answer goes back the way the run was started: nobody has to find the run elsewhere."""

    async def story() -> tuple[a2a.Task, a2a.Task]:
        async with client_of(server, "ask") as client:
            asked = await sent(client, a_message({}))
            return asked, await sent(client, a_message("Release", task=asked.id))

    asked, done = asyncio.run(story())

    assert asked.status.state == a2a.TaskState.TASK_STATE_INPUT_REQUIRED
    assert asked.status.message.parts[0].text == "Release? (release, reject)"
    assert (done.id, done.status.state) == (asked.id, a2a.TaskState.TASK_STATE_COMPLETED)
    assert outputs_of(done)["ask"]["choice"] == "release"


def test_a_stream_tells_the_task_how_it_gets_on_and_what_it_came_to(server: RunningServer) -> None:
    """Who follows sees the same end as who asks later."""

    async def story() -> list[a2a.StreamResponse]:
        async with client_of(server, "items", streaming=True) as client:
            return [each async for each in client.send_message(a_message({"things": ["cup", "jug"]}))]

    told = asyncio.run(story())

    kinds = [each.WhichOneof("payload") for each in told]
    assert (kinds[0], kinds[-2], kinds[-1]) == ("task", "artifact_update", "status_update")
    assert told[-1].status_update.status.state == a2a.TaskState.TASK_STATE_COMPLETED
    assert MessageToDict(told[-2].artifact_update.artifact.parts[0].data) == {"each": ["cup", "jug"]}


def test_a_task_is_followed_from_where_it_stands(server: RunningServer) -> None:
    """A client that lost its connection comes back to the task, and hears how it goes on."""
    run = server.post("/runs", {"graph": "waits"})["run"]
    server.get(f"/runs/{run}", params={"wait": 20})

    async def story() -> list[a2a.StreamResponse]:
        async with client_of(server, "waits", streaming=True) as client:
            return [each async for each in client.subscribe(a2a.SubscribeToTaskRequest(id=run))]

    told = asyncio.run(story())

    assert told[0].task.id == run
    assert told[-1].status_update.status.state == a2a.TaskState.TASK_STATE_WORKING


def test_a_task_is_cancelled_once_and_then_cannot_be_any_more(server: RunningServer) -> None:
    """An agent that changed its mind stops what it asked for; what has ended stays as it is."""

    async def story() -> a2a.Task:
        async with client_of(server, "ask") as client:
            asked = await sent(client, a_message({}))
            cancelled = await client.cancel_task(a2a.CancelTaskRequest(id=asked.id))
            with pytest.raises(TaskNotCancelableError):
                await client.cancel_task(a2a.CancelTaskRequest(id=asked.id))
            with pytest.raises(UnsupportedOperationError):
                await sent(client, a_message("release", task=asked.id))
            return cancelled

    assert asyncio.run(story()).status.state == a2a.TaskState.TASK_STATE_CANCELED


def test_tasks_are_listed_for_each_agent_page_by_page(server: RunningServer) -> None:
    """An agent tells of its own tasks alone, by context too."""

    async def story() -> tuple[a2a.ListTasksResponse, a2a.ListTasksResponse]:
        async with client_of(server, "make") as client:
            for _ in range(3):
                await sent(client, a_message({"thing": "cup"}, context="pages"))
            first = await client.list_tasks(a2a.ListTasksRequest(context_id="pages", page_size=2))
            rest = a2a.ListTasksRequest(context_id="pages", page_size=2, page_token=first.next_page_token)
            return first, await client.list_tasks(rest)

    first, second = asyncio.run(story())

    assert (len(first.tasks), len(second.tasks), first.total_size, second.next_page_token) == (2, 1, 3, "")


def test_a_failed_run_is_a_failed_task_that_says_why(server: RunningServer) -> None:
    """The other agent has to tell its own people something."""

    async def story() -> a2a.Task:
        async with client_of(server, "failing") as client:
            return await sent(client, a_message({}))

    task = asyncio.run(story())

    assert task.status.state == a2a.TaskState.TASK_STATE_FAILED
    assert task.status.message.parts[0].text == "broken is broken"


def test_a_task_of_another_tenant_or_agent_is_not_there(server: RunningServer) -> None:
    """Ids are no secret: what they open is decided by the key and the address."""
    run = server.started("make")

    async def story() -> None:
        async with client_of(server, "make", key=key_of(server, tenant="strangers")) as client:
            with pytest.raises(TaskNotFoundError):
                await client.get_task(a2a.GetTaskRequest(id=run))
        async with client_of(server, "ask") as client:
            with pytest.raises(TaskNotFoundError):
                await client.get_task(a2a.GetTaskRequest(id=run))

    asyncio.run(story())


def test_who_may_only_look_starts_nothing(server: RunningServer) -> None:
    """A key for reading is no key for acting, whatever protocol it comes with."""

    async def story() -> None:
        async with client_of(server, "make", key=key_of(server, role="viewer")) as client:
            await sent(client, a_message({}))

    with pytest.raises(A2AClientError, match="403"):
        asyncio.run(story())


def test_a_card_says_where_the_settings_have_the_server(server: RunningServer) -> None:
    """A signature on an address that whoever asks may choose would send others to a stranger."""
    card = server.http.get("/a2a/make/.well-known/agent-card.json", headers={"host": "localhost:1"}).json()
    settings = ServerSettings(public_url="https://runs.example/")
    with running_server({"say": SAYS}, settings=settings) as elsewhere:
        behind = elsewhere.http.get("/a2a/say/.well-known/agent-card.json").json()

    assert card["supportedInterfaces"][0]["url"] == f"{server.url}/a2a/make"
    assert behind["supportedInterfaces"][0]["url"] == "https://runs.example/a2a/say"


def test_where_a_key_is_asked_for_nothing_is_shown_without_one(server: RunningServer) -> None:
    """Names of graphs are a tenant's own; the protocol lets cards be kept to those who may see them."""
    paths = ("/a2a", "/a2a/say/.well-known/agent-card.json", "/.well-known/jwks.json")
    with running_server({"say": SAYS}, settings=ServerSettings(require_key=True)) as guarded:
        codes = [guarded.http.get(path).json()["code"] for path in paths]
        with guarded.as_key(key_of(guarded)) as keyed:
            card = keyed.get(paths[1]).json()

    assert codes == ["key_required"] * 3
    assert card["securitySchemes"] == {"key": {"httpAuthSecurityScheme": {"scheme": "bearer"}}}


def test_agents_are_listed_with_their_cards(server: RunningServer) -> None:
    """The protocol has no list of agents; whoever sets one up needs the addresses."""
    listed = {each["name"]: each["card"] for each in server.http.get("/a2a").json()["agents"]}

    assert listed["make"] == f"{server.url}/a2a/make/.well-known/agent-card.json"
    assert server.http.get(listed["make"]).json()["name"] == "make"


def test_an_agent_by_itself_is_one_too_and_scripts_are_told_as_such() -> None:
    """Agents are found without a graph around them; what no model said must not pass for what one said."""

    async def story(packaged: RunningServer) -> a2a.Task:
        async with client_of(packaged, "agent:research") as client:
            return await sent(client, a_message("renewable energy"))

    with running_server({}, packaged=True) as packaged:
        card = packaged.http.get("/a2a/agent:research/.well-known/agent-card.json").json()
        task = asyncio.run(story(packaged))

    assert not card["description"].startswith("Runs ")
    assert task.status.state == a2a.TaskState.TASK_STATE_COMPLETED
    assert MessageToDict(task.metadata)["interlock"] == {"graph": "agent-research", "simulated": True}


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/a2a/none", HELLO, (404, "graph_not_found")),
        ("/a2a/tool:make", HELLO, (404, "graph_not_found")),
        ("/a2a/make", {**HELLO, "params": {"id": "none"}}, (200, -32001)),
        ("/a2a/make", {**HELLO, "method": "Nothing"}, (200, -32601)),
        ("/a2a/make", [HELLO], (200, -32600)),
    ],
)
def test_what_cannot_be_done_is_told_in_words(
    server: RunningServer, path: str, body: object, told: tuple[int, object]
) -> None:
    """Others' programs are wrong as often as people: each gets an answer it can read."""
    answer = server.http.post(path, json=body, headers=VERSION)

    problem = answer.json()
    assert (answer.status_code, problem.get("code") or problem["error"]["code"]) == told


@pytest.mark.parametrize("body", [b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"params": "\\ud800"}'])
def test_a_body_that_no_program_could_read_is_refused_before_one_tries(server: RunningServer, body: bytes) -> None:
    """A few kilobytes must not cost more than they weigh, and a fault is never the answer to what somebody sent."""
    answer = server.http.post("/a2a/make", content=body, headers=VERSION)

    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_body")
