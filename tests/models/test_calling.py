"""A call along its route: whatever goes wrong on the way, it ends in an outcome, and costs what was held at most."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.core.agent_contract import ModelNeed
from interlock.core.event_parts import Error
from interlock.core.plan import Micros
from interlock.core.spending import NOTHING
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.models.gateway import ModelGateway
from interlock.models.keys import ModelKey
from interlock.models.outcomes import ModelAnswered, ModelFailed, ModelOutcome, ModelRefused
from interlock.models.pools import DeclaredProvider, Pools
from interlock.models.prices import PublishedPrices
from interlock.models.provider import Answer, Asking, RequestFailed
from interlock.models.routing import NoRoute, Route
from interlock.models.usage_checks import SaidUsage
from tests.models.set_up import REQUEST, START, ManualTime, priced
from tests.store.event_loop import in_event_loop


class Told:
    """A provider that does what it is told, request by request; after the last it says `ok`."""

    def __init__(self, time: ManualTime, steps: Sequence[Answer | RequestFailed], takes: Micros = 0) -> None:
        self.asked: list[Asking] = []
        self._time = time
        self._steps = list(steps)
        self._takes = takes

    async def ask(self, asking: Asking) -> Answer:
        """The next step."""
        self.asked.append(asking)
        self._time.at += self._takes
        step = self._steps.pop(0) if self._steps else Answer(text="ok", usage=SaidUsage(10, 1))
        if isinstance(step, RequestFailed):
            raise step
        return step

    async def close(self) -> None:
        """There is nothing to let go."""


class Hanging(Told):
    """One that does not answer any more when it has done what it was told."""

    def __init__(self, time: ManualTime, steps: Sequence[Answer | RequestFailed]) -> None:
        super().__init__(time, steps)
        self.hangs = asyncio.Event()

    async def ask(self, asking: Asking) -> Answer:
        """The next step, or no answer."""
        if self._steps:
            return await super().ask(asking)
        self.hangs.set()
        return await asyncio.get_running_loop().create_future()


def gateway_to(told: Told, time: ManualTime, *, models: int = 1, attempts: int = 3) -> ModelGateway:
    """A gateway whose models all are this provider's."""
    provider = {"kind": "openai_compatible", "url": "http://localhost/v1", "attempts": attempts}
    pool = {"models": [priced(f"a/m{number}") for number in range(models)]}
    declared = ModelsSettings.model_validate({"providers": {"a": provider}, "pools": {"default": pool}})

    def make(_: str, __: DeclaredProvider, ___: ModelKey | None) -> Told:
        return told

    pools = Pools(declared, ModelServer(), PublishedPrices(START))
    return ModelGateway(pools, make_provider=make, now=time.now, sleep=time.sleep, find_key=lambda _: None)


def route_of(gateway: ModelGateway) -> Route:
    """The route of the request."""
    route = gateway.route(ModelNeed(), REQUEST, sticky="run", barred={})
    assert isinstance(route, Route)
    return route


async def outcome_of(
    *steps: Answer | RequestFailed, models: int = 1, takes: Micros = 0, within: Micros | None = None
) -> tuple[ModelOutcome, Told, ManualTime]:
    """What becomes of a call, whom it has met, and how long that took."""
    time = ManualTime()
    told = Told(time, steps, takes)
    gateway = gateway_to(told, time, models=models)
    deadline = None if within is None else time.at + within
    outcome = await gateway.call(route_of(gateway), REQUEST, call_id="call", deadline=deadline)
    return outcome, told, time


FAILURES = st.builds(
    RequestFailed,
    st.sampled_from(["timeout", "unavailable", "rate_limited", "invalid", "refused", "failed"]),
    st.text(max_size=5),
    billed=st.sampled_from(["nothing", "heard", "worst"]),
    heard=st.text(max_size=40_000),
    retry_after=st.none() | st.integers(0, 10**8),
)
ANSWERS = st.builds(
    Answer,
    text=st.text(max_size=20),
    usage=st.builds(
        SaidUsage,
        st.none() | st.integers(-(10**9), 10**9),
        st.none() | st.integers(-(10**9), 10**9),
        st.none() | st.integers(-(10**9), 10**9),
    ),
)


@given(
    st.lists(FAILURES, max_size=12), ANSWERS, st.integers(1, 4), st.integers(1, 4), st.none() | st.integers(-5, 10**8)
)
def test_no_call_fails_beyond_what_was_held_for_it_or_raises(
    failures: list[RequestFailed], last: Answer, models: int, attempts: int, within: int | None
) -> None:
    """Any storm of failures: no more is booked than reserved, requests are bounded, and an outcome comes back."""
    time = ManualTime()
    told = Told(time, [*failures, last])
    gateway = gateway_to(told, time, models=models, attempts=attempts)
    route = route_of(gateway)
    deadline = None if within is None else time.at + within

    outcome = asyncio.run(gateway.call(route, REQUEST, call_id="call", deadline=deadline))

    failed = sum((each.spent for each in outcome.tries if each.error is not None), start=NOTHING)
    assert failed.usd <= route.reserve.usd
    assert sum((each.spent for each in outcome.tries), start=NOTHING) == outcome.spent
    assert len(told.asked) <= models * attempts
    assert isinstance(outcome, ModelAnswered) or outcome.error.message


@in_event_loop
async def test_a_failure_that_may_be_billed_goes_on_with_the_next_model_and_both_are_booked() -> None:
    """The answer is still worth having, and the first bill is not forgotten."""
    broken = RequestFailed("unavailable", "broke off", billed="heard", heard="x" * 30)
    outcome, told, _ = await outcome_of(broken, models=2)

    assert isinstance(outcome, ModelAnswered)
    assert {asking.model for asking in told.asked} == {"m0", "m1"}
    assert [each.spent.usd > 0 for each in outcome.tries] == [True, True]
    assert outcome.spent == outcome.tries[0].spent + outcome.tries[1].spent


@in_event_loop
async def test_what_was_heard_is_booked_up_to_what_was_asked_for() -> None:
    """Our estimate of a text may be too large; a provider makes no more tokens than it was asked for."""
    endless = RequestFailed("unavailable", "broke off", billed="heard", heard="x" * 1_000_000)
    outcome, _, _ = await outcome_of(endless)

    assert outcome.spent.tokens < 2 * REQUEST.tokens_max


@in_event_loop
async def test_no_time_left_asks_nobody() -> None:
    """What would come too late is not paid for."""
    outcome, told, _ = await outcome_of(within=0)

    assert outcome == ModelRefused(
        Error("timeout", "a/m0: no time is left to ask it"), retryable=True, tries=outcome.tries
    )
    assert told.asked == []


@in_event_loop
async def test_a_request_gets_no_more_time_than_its_call_has() -> None:
    """A provider's own limit is the longest, not the least."""
    _, told, _ = await outcome_of(within=4_000_000)
    _, patient, _ = await outcome_of()

    assert (told.asked[0].whole, patient.asked[0].whole) == (4_000_000, 300_000_000)


@in_event_loop
async def test_a_model_that_was_hurried_is_not_ill() -> None:
    """Calls with a second to spare must not take a good model from everybody."""
    time = ManualTime()
    told = Told(time, [RequestFailed("timeout", "late", billed="worst")] * 20)
    gateway = gateway_to(told, time)
    for number in range(20):
        await gateway.call(route_of(gateway), REQUEST, call_id=str(number), deadline=time.at + 1_000_000)

    assert route_of(gateway).chain[0].model.name == "a/m0"


@in_event_loop
async def test_a_model_that_rests_is_out_of_new_routes_until_it_may_be_tried() -> None:
    """Whoever asks next does not wait for a server that is known to be down."""
    time = ManualTime()
    told = Told(time, [RequestFailed("failed", "garbage", billed="worst")] * 5)
    gateway = gateway_to(told, time)
    for number in range(5):
        await gateway.call(route_of(gateway), REQUEST, call_id=str(number))

    resting = gateway.route(ModelNeed(), REQUEST, sticky="", barred={})
    time.at += 30_000_000
    again = gateway.route(ModelNeed(), REQUEST, sticky="", barred={})

    assert isinstance(resting, NoRoute)
    told_of = "a/m0: it has kept failing, and is left alone for 30 s more (garbage)"
    assert resting.error.message == f"no model of the pool `default` may answer: {told_of}"
    assert isinstance(again, Route)


@in_event_loop
async def test_a_cancelled_call_that_was_trying_a_model_out_lets_another_one_try() -> None:
    """Else a run that is cancelled at the wrong moment takes the model from everybody, for good."""
    time = ManualTime()
    told = Hanging(time, [RequestFailed("failed", "garbage", billed="worst")] * 5)
    gateway = gateway_to(told, time)
    for number in range(5):
        await gateway.call(route_of(gateway), REQUEST, call_id=str(number))
    time.at += 30_000_000

    trying = asyncio.ensure_future(gateway.call(route_of(gateway), REQUEST, call_id="trial"))
    await told.hangs.wait()
    meanwhile = gateway.route(ModelNeed(), REQUEST, sticky="", barred={})
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)

    assert isinstance(meanwhile, NoRoute)
    assert meanwhile.error.message.endswith("it has kept failing, and another call is trying it out")
    assert isinstance(gateway.route(ModelNeed(), REQUEST, sticky="", barred={}), Route)


@in_event_loop
async def test_latency_that_was_measured_is_what_routes_go_by() -> None:
    """A declared figure is a guess; what is seen counts."""
    time = ManualTime()
    gateway = gateway_to(Told(time, [], takes=7_000_000), time)
    await gateway.call(route_of(gateway), REQUEST, call_id="call")

    assert gateway.candidates("default")[0].latency == 7_000_000


def test_a_pool_that_is_not_there_is_told_with_those_that_are() -> None:
    """A misspelt pool in an agent's contract is found by its message."""
    time = ManualTime()
    route = gateway_to(Told(time, []), time).route(ModelNeed(pool="defualt"), REQUEST, sticky="", barred={})

    assert isinstance(route, NoRoute)
    assert route.error == Error("invalid", "there is no pool of models `defualt`; there are: default")


@pytest.mark.parametrize(
    ("failure", "retryable"),
    [(RequestFailed("rate_limited", "x"), True), (RequestFailed("refused", "x"), False)],
)
@in_event_loop
async def test_a_failed_call_says_whether_another_one_may_do_better(failure: RequestFailed, retryable: bool) -> None:  # noqa: FBT001 - a parameter
    """The engine's own retries go by it."""
    outcome, _, _ = await outcome_of(failure, failure, failure)

    assert isinstance(outcome, ModelFailed)
    assert outcome.retryable is retryable
