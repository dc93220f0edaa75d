"""What is registered with AgentOS: graphs, policies, context profiles, the pool of models; and its dashboard."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from interlock import Interlock, tool
from interlock.api.compat.agentos.dashboard import dashboard
from interlock.store.rows import RunRow
from tests.api.compat.up import Up
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server


@tool(effect="once", usd="2.00")
def deploy(to: str) -> dict[str, str]:
    """Put it where people use it."""
    return {"version": f"1.0 at {to}"}


@tool(effect="read")
def plan(to: str) -> dict[str, list[str]]:
    """Say what is to be done."""
    return {"steps": [f"look at {to}"]}


TOOLS = [deploy, plan]
SHIP = {
    "name": "ship",
    "agents": ["plan", {"name": "deploy", "description": "Puts it there."}],
    "dag": [{"from": "plan", "to": "deploy", "on": ["plan_ready"]}],
}


@pytest.fixture(scope="module")
def shop() -> Generator[RunningServer]:
    """A server that knows two tools and no graph."""
    with running_server({}, TOOLS) as running:
        yield running


def _status_of(server: RunningServer, graph: str, to: str) -> tuple[str, str | None]:
    run = server.http.post("/runs", json={"graph": graph, "inputs": {"to": to}}).json()["run_id"]
    server.get(f"/runs/{run}", params={"wait": 20})
    told = server.http.get(f"/runs/{run}").json()
    return told["status"], told["error"]


def test_a_registered_graph_is_run_by_its_name_and_looked_at_as_it_was_written(shop: RunningServer) -> None:
    """There it was forgotten with the process; here it is a version of its name."""
    registered = shop.http.post("/graphs", json=SHIP)

    assert registered.json() == {"ok": True, "name": "ship", "version": 1}
    assert shop.http.post("/graphs", json=SHIP).json()["version"] == 1
    assert _status_of(shop, "ship", "production") == ("succeeded", None)
    assert shop.http.get("/graphs/ship").json() == {
        "name": "ship",
        "description": "",
        "version": 1,
        "agents": [
            {"name": "plan", "kind": "agent", "description": ""},
            {"name": "deploy", "kind": "agent", "description": "Puts it there."},
        ],
        "dag": [{"from": "plan", "to": "deploy", "on": ["plan_ready"], "join": "any"}],
        "document": SHIP,
    }


def test_a_graph_that_cannot_be_run_is_refused_with_every_mistake(shop: RunningServer) -> None:
    """There it was kept, and failed once it was run."""
    refused = shop.http.post("/graphs", json={**SHIP, "agents": ["plan", "deplyo"]})

    assert (refused.status_code, refused.json()["code"]) == (422, "graph_invalid")
    assert "deploy" in refused.text


def test_a_packaged_graph_is_told_as_agents_and_edges(up: Up) -> None:
    """Whoever draws graphs of AgentOS draws this one."""
    told = up.typed("curl http://localhost:8000/graphs/git-to-prod-multi")

    assert (told["name"], told["version"], told["document"]) == ("git-to-prod-multi", None, None)
    assert {"name": "tester", "kind": "tool run_tests", "description": ""} in told["agents"]
    assert {"from": "patch", "to": "tester", "on": ["node_done"], "join": "all"} in told["dag"]


def test_a_registered_policy_blocks_what_it_names(shop: RunningServer) -> None:
    """There block patterns were kept and never looked at."""
    shop.http.post("/graphs", json={**SHIP, "name": "ship_carefully"})
    before = _status_of(shop, "ship_carefully", "the vault")

    registered = shop.http.post("/policies", json={"name": "no_vault", "block_patterns": ["the vault"]})

    assert registered.json() == {"ok": True, "name": "no_vault"}
    assert before == ("succeeded", None)
    status, error = _status_of(shop, "ship_carefully", "the vault")
    assert status == "failed"
    assert error is not None
    assert "no_vault#block_1" in error
    assert _status_of(shop, "ship_carefully", "production") == ("succeeded", None)
    assert shop.http.delete("/policies/no_vault").status_code == 204
    assert _status_of(shop, "ship_carefully", "the vault") == ("succeeded", None)


def test_a_registered_policy_limits_what_names_it(shop: RunningServer) -> None:
    """There 5 dollars were a number in a dictionary."""
    shop.http.post("/policies", json={"name": "cheap", "max_cost_usd": 1})
    shop.http.post("/graphs", json={**SHIP, "name": "ship_cheaply", "policy_name": "cheap"})

    status, error = _status_of(shop, "ship_cheaply", "production")

    assert status == "failed"
    assert error is not None
    assert "$1.00" in error


def test_a_policy_that_nobody_registered_cannot_be_named(shop: RunningServer) -> None:
    """What is named and not in force would be enforced by nobody."""
    refused = shop.http.post("/graphs", json={**SHIP, "name": "trusting", "policy_name": "strict"})

    assert (refused.status_code, refused.json()["code"]) == (422, "graph_invalid")
    assert "the policy `strict` is not in force" in refused.text


def test_what_is_registered_is_told_beside_what_stands_in_files(shop: RunningServer) -> None:
    """Whoever wonders why something is refused sees who said so."""
    shop.http.post("/policies", json={"name": "quiet", "max_cost_usd": "0.50", "block_patterns": ["loud"]})

    told = {each["name"]: each for each in shop.http.get("/policies").json()["policies"]}

    assert told["default"]["source"] == "file"
    assert told["quiet"] == {
        "name": "quiet",
        "max_cost_usd": 0.5,
        "block_patterns": ["loud"],
        "source": "registered",
        "registered_by": "local",
        "registered_at": told["quiet"]["registered_at"],
    }


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ({"name": "default"}, "is the name of a policy that stands in a file"),
        ({"name": "all", "block_patterns": ["*"]}, "this pattern would block everything"),
        ({"name": "regular", "block_patterns": ["rm\\s+-rf"]}, "patterns are text and no regular expressions"),
        ({"name": "free", "max_cost_usd": "a lot"}, "is no amount of US dollars"),
    ],
)
def test_a_policy_that_could_not_hold_is_refused(shop: RunningServer, policy: dict[str, object], why: str) -> None:
    """A policy that is taken is a promise."""
    refused = shop.http.post("/policies", json=policy)

    assert (refused.status_code, refused.json()["code"]) == (422, "declared_wrongly")
    assert why in refused.json()["detail"]


def test_a_policy_holds_for_the_tenant_that_registered_it_and_no_other(shop: RunningServer) -> None:
    """Nobody stops the work of somebody else."""
    with shop.as_key(key_of(shop, role="owner")) as acme:
        acme.post("/policies", json={"name": "none_of_it", "block_patterns": ["production"]})
        acme.post("/graphs", json=SHIP)
        run = acme.post("/runs", json={"graph": "ship", "inputs": {"to": "production"}}).json()["run_id"]
        status = acme.get(f"/v1/runs/{run}", params={"wait": 20}).json()["status"]

    shop.http.post("/graphs", json=SHIP)
    assert status == "failed"
    assert _status_of(shop, "ship", "production") == ("succeeded", None)


def test_what_was_registered_outlives_the_server(tmp_path: Path) -> None:
    """There it was forgotten with the process; here whoever works on the store keeps to it."""
    store = str(tmp_path / "runs.db")
    with running_server({}, TOOLS, store=store) as first:
        first.http.post("/policies", json={"name": "no_vault", "block_patterns": ["the vault"]})
        first.http.post("/graphs", json=SHIP)

    result = Interlock(store, tools=TOOLS).run("ship", {"to": "the vault"})

    assert result.status == "failed"
    assert result.error is not None
    assert "no_vault#block_1" in result.error.message


def test_who_may_only_look_registers_nothing(shop: RunningServer) -> None:
    """Policies and graphs are for those who answer for them."""
    with shop.as_key(key_of(shop, role="viewer")) as viewer:
        answers = [viewer.post("/policies", json={"name": "mine"}), viewer.post("/graphs", json=SHIP)]

    assert [(each.status_code, each.json()["code"]) for each in answers] == [(403, "not_allowed")] * 2


def test_a_context_profile_is_confirmed_where_all_agents_keep_to_it(up: Up) -> None:
    """What is asked for is so already: no agent is told more."""
    told = up.http.post("/contextprofiles", json={"name": "default", "budget_tokens": 120_000}).json()

    assert (told["ok"], told["name"], told["in_force"]["planner"]) == (True, "default", 32_000)


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/contextprofiles", {"name": "small", "budget_tokens": 1_000}, "context: {tokens: 1000}"),
        ("/contextprofiles", {"name": "mounted", "mounts": ["/docs"]}, "`sections` below `context`"),
        ("/providerpool", {"models": ["gpt-4o"], "routing": "cheapest"}, "`[models.pools.default]` in interlock.toml"),
    ],
)
def test_what_no_request_sets_is_refused_with_where_to_write_it(
    up: Up, path: str, body: dict[str, object], where: str
) -> None:
    """There it was kept and without effect, and whoever set it believed otherwise."""
    refused = up.http.post(path, json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "set_elsewhere")
    assert where in refused.json()["detail"]


def test_the_pool_of_models_that_is_there_is_confirmed(up: Up) -> None:
    """Scripts that set up what is there already go on."""
    told = up.http.post("/providerpool", json={"name": "default", "models": ["packaged/scripted"]})

    assert told.json() == {"ok": True, "name": "default", "in_force": {"default": ["packaged/scripted"]}}


def test_the_dashboard_lists_runs_with_their_events(shop: RunningServer) -> None:
    """The one page: it loads nothing, runs no script, and links to what it counts."""
    shop.http.post("/graphs", json=SHIP)
    run = shop.http.post("/runs", json={"graph": "ship", "inputs": {"to": "a"}}).json()["run_id"]
    seq = shop.get(f"/runs/{run}", params={"wait": 20})["seq"]

    page = shop.http.get("/dashboard")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert '<td class="succeeded">succeeded</td>' in page.text
    assert f'<a href="/runs/{run}/events">{seq} events</a>' in page.text
    assert "<script" not in page.text


def test_whatever_comes_from_runs_is_text_on_the_dashboard() -> None:
    """A name is never markup, whoever brought the run along."""
    row = RunRow(
        tenant="local", run='"><img src=x>', status="failed", graph="<script>alert(1)</script>", graph_hash="",
        bundle="", kind="start", parent="<b>", key="", labels={}, started_at=0, ended_at=0, seq=2, head=b"",
        due=None, waiting=0, error="",
    )  # fmt: skip

    page = dashboard([row], older='?cursor="><i>')

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert all(markup not in page for markup in ("<script", "<img", "<b>", "<i>"))


def test_health_says_that_it_is_well(up: Up) -> None:
    """Probes that were written for AgentOS keep probing."""
    assert up.typed("curl http://localhost:8000/health")["status"] == "healthy"
