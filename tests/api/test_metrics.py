"""Metrics: read by Prometheus' own reader, without end in no label, and of each tenant its own alone."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from interlock.api.metrics.exposition import Family, Sample, written
from interlock.api.metrics.figures import POOLS_MAX, models, waiting_calls
from interlock.models.standing import ModelStanding
from interlock.settings import ServerSettings
from interlock.store import EffectsWaiting
from tests.api.conftest import GRAPHS
from tests.api.keys_at_hand import key_of
from tests.api.running_server import RunningServer, running_server
from tests.embedded.workshop import Workshop


@pytest.fixture(scope="module")
def keyed() -> Generator[RunningServer]:
    """A server that asks for keys and drives no runs: what is started waits."""
    with running_server(GRAPHS, Workshop().tools, settings=ServerSettings(require_key=True), works=False) as running:
        yield running


def read(text: str) -> dict[str, Metric]:
    """The families by their names."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families: dict[str, Metric], name: str, **labels: str) -> float | None:
    """One figure of a family."""
    meant = families[name.removesuffix("_total")].samples
    return next((each.value for each in meant if (each.name, each.labels) == (name, labels)), None)


def scraped(server: RunningServer) -> dict[str, Metric]:
    """What the server measures, as Prometheus reads it."""
    answer = server.http.get("/v1/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(answer.text)


def test_requests_are_counted_by_route_and_status_and_never_by_what_they_name(server: RunningServer) -> None:
    """A label for each run would be as many series as there are runs."""
    for _ in range(3):
        server.http.get("/v1/runs/there-is-no-such-run")
    server.http.get("/there/is/no/such/page")
    server.http.request("BREW", "/v1/runs")

    families = scraped(server)

    counted = {(each.labels["method"], each.labels["route"]) for each in families["interlock_http_requests"].samples}
    missed = value(families, "interlock_http_requests_total", method="GET", route="/v1/runs/{run_id}", status="404")
    assert missed is not None
    assert missed >= 3
    assert ("GET", "other") in counted
    assert "BREW" not in {method for method, _ in counted}
    assert not any("no-such" in route for _, route in counted)


def test_how_long_requests_took_is_a_histogram_that_only_grows(server: RunningServer) -> None:
    """Prometheus asks it for any quantile; a bucket that holds less than the one before would be nonsense."""
    server.http.get("/v1/runs")

    samples = scraped(server)["interlock_http_request_duration_seconds"].samples

    listed = [each for each in samples if each.labels["route"] == "/v1/runs" and each.labels["method"] == "GET"]
    buckets = [each.value for each in listed if each.name.endswith("_bucket")]
    [count] = [each.value for each in listed if each.name.endswith("_count")]
    assert all(less <= more for less, more in pairwise(buckets))
    assert buckets[-1] == count > 0


def test_a_stream_counts_as_a_listener_and_its_length_is_no_duration(server: RunningServer) -> None:
    """Who listens for a day would else look like a request that took one."""
    with server.http.stream("GET", "/v1/stream"):
        during = scraped(server)

    after = scraped(server)
    routes = {each.labels["route"] for each in after["interlock_http_request_duration_seconds"].samples}
    assert (value(during, "interlock_http_listeners"), "/v1/stream" in routes) == (1, False)


def test_the_process_the_workers_and_the_store_are_measured(server: RunningServer) -> None:
    """What is looked at first when something is slow."""
    families = scraped(server)

    assert value(families, "interlock_store_up") == 1
    assert value(families, "interlock_workers", state="working") == 1
    assert families["process_resident_memory_bytes"].samples[0].value > 10_000_000
    assert {"interlock_runs_driven", "interlock_hands_busy", "process_start_time_seconds"} <= set(families)


def test_a_tenants_key_is_told_what_waits_of_its_own_and_nothing_else(keyed: RunningServer) -> None:
    """How busy others are, which models are asked, and how much, is not for it."""
    with keyed.as_key(key_of(keyed, tenant="acme")) as acme, keyed.as_key(key_of(keyed, tenant="other")) as other:
        acme.post("/v1/runs", json={"graph": "make"})
        told = [read(who.get("/v1/metrics").text) for who in (acme, other)]

    assert [value(families, "interlock_runs_waiting") for families in told] == [1, 0]
    assert {name for families in told for name in families} == {
        "interlock_store_up", "interlock_store_answer_seconds",
        "interlock_runs_waiting", "interlock_runs_waiting_oldest_seconds",
    }  # fmt: skip


def test_the_platforms_key_is_told_all_of_it(keyed: RunningServer) -> None:
    """A key for Prometheus needs no more than to look."""
    with keyed.as_key(key_of(keyed, role="viewer", scopes=("workers:read", "platform:read"))) as prometheus:
        families = read(prometheus.get("/v1/metrics").text)
    nobody = keyed.refused("GET", "/metrics")

    assert (value(families, "interlock_runs_waiting"), "interlock_http_requests" in families) == (1, True)
    assert nobody["code"] == "key_required"


def test_labels_may_hold_whatever_text_there_is() -> None:
    """A sink or a model may be called by any name; it must not break the line that it stands in."""
    name = 'a "b"\\c\nd'

    text = written([Family("f", "gauge", "Help with \\ and\na line.", [Sample(1.5, (("name", name),))])])

    [family] = read(text).values()
    assert (family.samples[0].labels["name"], family.samples[0].value) == (name, 1.5)
    assert family.documentation == "Help with \\ and\na line."


def test_pools_beyond_a_bound_are_told_together() -> None:
    """Graphs may name any pool: a thousand names must not become a thousand series."""
    calls = [EffectsWaiting(f"pool-{number}", "crop", 1, 0, 0) for number in range(POOLS_MAX + 10)]

    [waiting, _] = waiting_calls(calls)

    assert len(waiting.samples) == POOLS_MAX + 1
    assert sum(sample.value for sample in waiting.samples) == POOLS_MAX + 10


def test_models_are_told_with_requests_tokens_and_money() -> None:
    """Money is in millionths of a dollar, as everywhere; what is simulated says so."""
    standing = ModelStanding(
        model="script/any", answered=2, failed=1, input=100, output=20, cached=5, usd=450, simulated=True, resting="x"
    )

    families = read(written(models([standing])))

    own = {"model": "script/any", "simulated": "true"}
    assert value(families, "interlock_model_requests_total", **own, outcome="failed") == 1
    assert value(families, "interlock_model_tokens_total", **own, kind="output") == 20
    assert value(families, "interlock_model_micro_usd_total", **own) == 450
    assert value(families, "interlock_model_resting", **own) == 1
