"""Interlock as an MCP server over HTTP: the official client lists graphs as tools, calls them, and reads runs."""

from __future__ import annotations

import asyncio
from typing import Any

import mcp_types as types
import pytest
from mcp.client import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ResourceUpdated

from tests.api.keys_at_hand import key_of
from tests.api.mcp.clients import ERAS, Person, client_of, read_text, text_of
from tests.api.running_server import RunningServer

of_each_era = pytest.mark.parametrize("era", ERAS)


async def outcome_of(client: Client, tool: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    """The structured answer of a tool; the test fails where it is told as an error."""
    result = await client.call_tool(tool, arguments or {})
    assert not result.is_error, result.content
    told: dict[str, Any] = result.structured_content
    return told


@of_each_era
def test_a_graph_is_a_tool_whose_answer_is_what_its_run_came_to(server: RunningServer, era: str) -> None:
    """An agent elsewhere needs to know nothing of runs to use one."""

    async def story() -> tuple[types.Tool, dict[str, Any]]:
        async with client_of(server, era=era) as client:
            tools = {tool.name: tool for tool in (await client.list_tools()).tools}
            return tools["make"], await outcome_of(client, "make", {"thing": "bowl"})

    tool, told = asyncio.run(story())

    assert tool.input_schema["properties"] == {"thing": {"type": "string", "default": "cup"}}
    assert (told["graph"], told["status"], told["outputs"]) == ("make", "succeeded", {"a": "bowl"})
    assert server.get(f"/runs/{told['run']}")["labels"] == {"via": "mcp"}


@of_each_era
def test_the_person_in_front_of_the_client_answers_what_the_run_asks(server: RunningServer, era: str) -> None:
    """The answer goes back the way the run was started; nobody has to find the run elsewhere first."""
    person = Person(lambda _: {"choice": "release", "why": "it is ready"})

    async def story() -> dict[str, Any]:
        async with client_of(server, era=era, person=person) as client:
            return await outcome_of(client, "ask")

    told = asyncio.run(story())

    answer = {"choice": "release", "form": None, "by": ["local"], "why": "it is ready"}
    assert (told["status"], told["outputs"]) == ("succeeded", {"ask": answer})
    assert [asked.message for asked in person.asked] == ["Release?"]
    assert person.asked[0].requested_schema["properties"]["choice"]["enum"] == ["release", "reject"]


def test_a_client_that_cannot_ask_its_person_is_told_what_is_asked_and_answers_later(server: RunningServer) -> None:
    """Most clients show no forms: the model asks in its own words, and the run waits as long as that takes."""

    async def story() -> tuple[dict[str, Any], dict[str, Any]]:
        async with client_of(server) as client:
            waits = await outcome_of(client, "ask")
            answer = {"run": waits["run"], "path": "ask", "choice": "reject"}
            return waits, await outcome_of(client, "interlock_answer", answer)

    waits, told = asyncio.run(story())

    assert (waits["status"], waits["waiting"][0]["question"], waits["waiting"][0]["choices"]) == (
        "waiting",
        "Release?",
        ["release", "reject"],
    )
    assert (told["run"], told["status"]) == (waits["run"], "succeeded")


def test_what_went_wrong_is_told_so_that_the_caller_can_mend_it(server: RunningServer) -> None:
    """A model that is told why tries again with better arguments; a protocol error would end its turn."""

    async def story() -> list[types.CallToolResult]:
        async with client_of(server) as client:
            return [await client.call_tool("make", {"thing": 7}), await client.call_tool("failing", {})]

    misfit, failed = asyncio.run(story())

    assert misfit.is_error
    assert "thing" in text_of(misfit)
    assert (failed.is_error, failed.structured_content["error"]["message"]) == (True, "broken is broken")


def test_progress_is_told_to_who_asks_for_it(server: RunningServer) -> None:
    """A call that takes long is not mistaken for one that hangs."""
    told: list[str | None] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async def story() -> None:
        async with client_of(server) as client:
            await client.call_tool("make", {}, progress_callback=hear)

    asyncio.run(story())

    assert told[0] is not None
    assert told[0].endswith("is on record")


def test_runs_are_resources_that_read_as_the_api_tells_them(server: RunningServer) -> None:
    """What a client keeps in its context is the same record that everybody else sees."""
    run = server.started("make")

    async def story() -> tuple[list[types.Resource], str]:
        async with client_of(server) as client:
            listed = (await client.list_resources()).resources
            read = await client.read_resource(f"interlock://runs/{run}")
            return listed, read_text(read)

    listed, text = asyncio.run(story())

    assert str(listed[0].uri) == f"interlock://runs/{run}"
    assert text == server.http.get(f"/v1/runs/{run}").text


def test_who_listens_to_a_run_is_told_that_it_changed(server: RunningServer) -> None:
    """A client that shows a run need not ask for it again and again."""
    run = server.post("/runs", {"graph": "waits"})["run"]
    other = server.post("/runs", {"graph": "waits"})["run"]
    server.get(f"/runs/{run}", params={"wait": 20})

    async def story() -> tuple[str, str]:
        async with (
            client_of(server) as client,
            client.listen(resource_subscriptions=[f"interlock://runs/{run}"]) as heard,
        ):
            await asyncio.to_thread(server.post, f"/runs/{other}/signals", {"name": "go"})
            await asyncio.to_thread(server.post, f"/runs/{run}/signals", {"name": "go"})
            event = await anext(heard)
            assert isinstance(event, ResourceUpdated)
            return event.uri, read_text(await client.read_resource(event.uri))

    uri, text = asyncio.run(story())

    assert uri == f"interlock://runs/{run}"
    assert '"seq":' in text


def test_a_run_of_another_tenant_is_not_there(server: RunningServer) -> None:
    """Ids are no secret: what they open is decided by the key alone."""
    run = server.started("make")

    async def story() -> list[str]:
        async with client_of(server, key=key_of(server, tenant="strangers")) as client:
            refused = await client.call_tool("interlock_run", {"run": run})
            with pytest.raises(MCPError) as missing:
                await client.read_resource(f"interlock://runs/{run}")
            listed = (await client.list_resources()).resources
            return [text_of(refused), str(missing.value), str(listed)]

    refused, missing, listed = asyncio.run(story())

    assert refused.startswith("run_not_found")
    assert "there is no run" in missing
    assert listed == "[]"


def test_who_may_only_look_starts_nothing(server: RunningServer) -> None:
    """A key for reading is no key for acting, whatever protocol it comes with."""

    async def story() -> types.CallToolResult:
        async with client_of(server, key=key_of(server, role="viewer")) as client:
            return await client.call_tool("make", {})

    result = asyncio.run(story())

    assert result.is_error
    assert "viewer" in text_of(result)


def test_a_key_that_may_not_answer_is_no_person(server: RunningServer) -> None:
    """A model that is given such a key starts runs, and cannot agree to its own requests."""
    key = key_of(server, scopes=("runs", "graphs:read"))
    person = Person(lambda _: {"choice": "release"})

    async def story() -> tuple[dict[str, Any], types.CallToolResult]:
        async with client_of(server, key=key, person=person) as client:
            waits = await outcome_of(client, "ask")
            answer = {"run": waits["run"], "path": "ask", "choice": "release"}
            return waits, await client.call_tool("interlock_answer", answer)

    waits, refused = asyncio.run(story())

    assert (waits["status"], person.asked) == ("waiting", [])
    assert text_of(refused).startswith("not_allowed: ")


def test_what_is_not_listed_is_not_called_by_its_name(server: RunningServer) -> None:
    """A tool of the project by itself is behind its graphs, with their gates and people."""

    async def story() -> None:
        async with client_of(server) as client:
            with pytest.raises(MCPError, match="there is no tool tool:make"):
                await client.call_tool("tool:make", {"thing": "cup"})

    asyncio.run(story())


def test_a_session_is_closed_to_every_other_key(server: RunningServer) -> None:
    """Whoever learns the id of a session learns nothing by it."""
    mine, theirs = key_of(server, tenant="acme"), key_of(server, tenant="strangers")
    accepts = {"accept": "application/json, text/event-stream"}
    hello = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    }
    with server.as_key(mine) as me, server.as_key(theirs) as them:
        session = me.post("/mcp", json=hello, headers=accepts).headers["mcp-session-id"]
        asked = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
        with_session = accepts | {"mcp-session-id": session}

        statuses = [each.post("/mcp", json=asked, headers=with_session).status_code for each in (me, them)]

    assert statuses == [200, 404]


def test_a_page_elsewhere_cannot_reach_a_server_that_asks_for_no_key(server: RunningServer) -> None:
    """A website that its owner happens to visit would otherwise call their tools."""
    answer = server.http.post("/mcp", json={}, headers={"origin": "https://elsewhere.example"})

    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_page")
