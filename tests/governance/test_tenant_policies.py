"""Policies that tenants register while everything runs: beside the files, in every process, for that tenant alone."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from interlock.core.verdicts import Movement
from interlock.governance import Policy, PolicyError, PolicySource, default_policy, load_policy
from interlock.governance.registered import RegisteredPolicy, register, registered, take_back
from interlock.governance.tenant_policies import LOOK_SECONDS, TenantPolicies, TenantPolicy
from interlock.store.errors import RecordChangedError
from interlock.store.event_store import EventStore
from interlock.store.memory.store import MemoryEventStore

WIPE = Movement(point="tool", name="run_shell", arguments={"command": "rm -rf /"})
LIST = Movement(point="tool", name="list_files", arguments={})


def _store() -> EventStore:
    return MemoryEventStore(clock=lambda: 0)


def _policy(name: str = "careful", *patterns: str, usd: str | None = None) -> RegisteredPolicy:
    limit = {} if usd is None else {"max_cost_usd": usd}
    return RegisteredPolicy(
        name=name, document={"name": name, "block_patterns": list(patterns), **limit}, by="ada", at=0
    )


def _house(rules: str) -> Policy:
    return load_policy([PolicySource("house.yaml", f"policy: house\nrules:\n{rules}")])


def test_what_is_registered_is_denied_beside_what_the_files_say() -> None:
    """The files go on holding as they are."""

    async def story() -> None:
        store = _store()
        policies = TenantPolicies(default_policy(), store)
        before = policies.of("local").judge(WIPE)

        await register(store.records, "local", _policy("careful", "rm -rf", usd="5"), beside=policies.base)
        in_force = await policies.load("local")

        assert in_force.judge(WIPE).rule == "careful#block_1"
        assert in_force.judge(LIST) == replace(policies.base.judge(LIST), policy=in_force.policy.short_digest)
        assert before.rule != "careful#block_1"
        assert in_force.for_documents().limits == {"careful": 5_000_000}

    asyncio.run(story())


def test_nothing_that_is_registered_allows_what_the_files_deny() -> None:
    """A shape that brought the default set along would open what a house of its own rules has shut."""

    async def story() -> None:
        store = _store()
        base = _house("  reading: {allow: tool, name: read_file}\n")
        policies = TenantPolicies(base, store)

        await register(store.records, "local", _policy("careful", "rm -rf"), beside=base)
        in_force = await policies.load("local")

        assert base.judge(LIST).verdict == "deny"
        assert in_force.judge(LIST).verdict == "deny"

    asyncio.run(story())


def test_a_tenant_registers_for_itself_alone() -> None:
    """Nobody stops the work of somebody else."""

    async def story() -> None:
        store = _store()
        policies = TenantPolicies(default_policy(), store)

        await register(store.records, "acme", _policy("careful", "list_files"), beside=policies.base)

        assert (await policies.load("acme")).judge(LIST).verdict == "deny"
        assert (await policies.load("local")).judge(LIST).verdict == "allow"

    asyncio.run(story())


def test_what_another_process_registers_is_noticed_within_seconds() -> None:
    """Workers stand elsewhere than whoever takes the request."""

    async def story() -> None:
        store = _store()
        elsewhere, here = TenantPolicies(default_policy(), store), TenantPolicies(default_policy(), store)
        in_force = await here.load("local")

        async with here.kept_current(), asyncio.timeout(10 * LOOK_SECONDS):
            await register(store.records, "local", _policy("careful", "list_files"), beside=elsewhere.base)
            await _noticed(in_force)

        assert in_force.judge(LIST).rule.startswith("careful#")

    asyncio.run(story())


async def _noticed(policy: TenantPolicy) -> None:
    before = policy.policy
    while policy.policy is before:  # noqa: ASYNC110 - as a process that drives runs meanwhile
        await asyncio.sleep(0.01)


def test_the_same_name_means_what_was_registered_last() -> None:
    """As there: registering again replaces."""

    async def story() -> None:
        store = _store()
        policies = TenantPolicies(default_policy(), store)
        await register(store.records, "local", _policy("careful", "list_files"), beside=policies.base)
        await register(store.records, "local", _policy("careful", "rm -rf"), beside=policies.base)

        in_force = await policies.load("local")

        assert in_force.judge(LIST).verdict == "allow"
        assert in_force.judge(WIPE).rule == "careful#block_1"

    asyncio.run(story())


def test_what_is_taken_back_holds_no_more() -> None:
    """A pattern that blocks too much can be undone without stopping anything."""

    async def story() -> None:
        store = _store()
        policies = TenantPolicies(default_policy(), store)
        await register(store.records, "local", _policy("careful", "list_files"), beside=policies.base)

        assert await take_back(store.records, "local", "careful")
        assert not await take_back(store.records, "local", "careful")
        assert (await policies.load("local")).judge(LIST).verdict == "allow"

    asyncio.run(story())


def test_a_name_that_stands_in_a_file_cannot_be_registered() -> None:
    """What a file says is not replaced by a request."""

    async def story() -> None:
        store = _store()

        with pytest.raises(PolicyError, match="`house` is the name of a policy that stands in a file"):
            await register(store.records, "local", _policy("house"), beside=_house("  none: {deny: tool}\n"))

    asyncio.run(story())


def test_a_name_that_a_file_takes_later_means_the_file() -> None:
    """Whoever writes a file knows what was registered less than the file."""

    async def story() -> None:
        store = _store()
        await register(store.records, "local", _policy("house", "list_files"), beside=default_policy())

        policies = TenantPolicies(_house("  none: {deny: tool, name: run_shell}\nextends: default\n"), store)

        assert (await policies.load("local")).judge(LIST).verdict == "allow"

    asyncio.run(story())


def test_a_tenant_registers_so_many_and_no_more() -> None:
    """Every movement is judged by all of them."""

    async def story() -> None:
        store = _store()

        with pytest.raises(PolicyError, match="a tenant may register 200 policies with 1,000 patterns together"):
            await register(
                store.records, "local", _policy("many", *(f"p{n}" for n in range(1_001))), beside=default_policy()
            )

    asyncio.run(story())


def test_of_two_who_register_at_once_the_second_notices() -> None:
    """Neither of two policies is lost without a word."""

    async def story() -> None:
        store = _store()
        seen = await registered(store.records, "local")
        await register(store.records, "local", _policy("first"), beside=default_policy())

        with pytest.raises(RecordChangedError):
            await store.records.put("local", "registered_policies", "all", b"[]", expected=seen.version)

    asyncio.run(story())
