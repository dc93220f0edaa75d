"""What holds of every policy and every movement, however they are made."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from interlock.core.plan import Permissions
from interlock.core.verdicts import Movement
from interlock.governance import Policy, PolicySource, load_policy
from interlock.governance.explaining import explain
from interlock.governance.patterns import pattern
from tests.governance.plain_reading import plain_verdict

WORDS = ("a", "b", "ab", "a/b")
HOSTS = ("x.org", "y.x.org", "*.x.org", "*")
FILES = ("a", "src/a", "src/*", "*", "../a")
PATTERNS = ("*", "a", "a*", "*b", "a*b")
UNSAID = Movement(point="tool", name="x")
"""What a movement says of itself that says nothing."""

# --- policies and movements of a small world, in which rules and movements often meet ---------------------------------


def some(words: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    """A few of the words."""
    return st.lists(st.sampled_from(words), min_size=1, max_size=2)


def with_some(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A map with some of the keys, most often few."""
    return st.fixed_dictionaries({}, optional=keys)


WHO = with_some(
    {"agent": some(PATTERNS), "graph": some(PATTERNS), "path": some(PATTERNS), "by": some(PATTERNS)}
) | st.sampled_from([{"is": "node"}, {"is": "agent"}])
ANY_TOOL_RULE: dict[str, st.SearchStrategy[Any]] = {
    "name": some(PATTERNS),
    "who": WHO,
    "effect": some(("read", "idempotent", "once")),
    "hosts": some(HOSTS),
    "reads": some(FILES),
    "external": st.booleans(),
    "tainted": st.booleans(),
    "arguments": st.dictionaries(
        st.sampled_from(("n", "m")), st.sampled_from(["a*", 1, True, [1, "b"], {"at_most": 1}]), min_size=1
    ),
}
RISKS = st.sampled_from(("low", "medium", "high"))
GRANTS = with_some(ANY_TOOL_RULE | {"risk_at_most": RISKS}).map(lambda rule: {"allow": "tool"} | rule)
STOPS = st.tuples(
    st.sampled_from(("deny", "ask")), with_some(ANY_TOOL_RULE | {"risk_at_least": RISKS, "holding": some(PATTERNS)})
).map(lambda made: {made[0]: "tool"} | made[1])
RULES = st.lists(GRANTS | STOPS, min_size=1, max_size=5)
NEEDS = st.builds(
    Permissions,
    hosts=some(HOSTS).map(tuple) | st.just(()),
    reads=some(FILES).map(tuple) | st.just(()),
    external=st.booleans(),
)
CALLS = st.builds(
    Movement,
    point=st.just("tool"),
    name=st.sampled_from(WORDS),
    graph=st.sampled_from(("", *WORDS)),
    path=st.sampled_from(("", *WORDS)),
    agent=st.sampled_from(("", "a", "b")),
    by=st.sampled_from(("", "a", "b")),
    effect=st.sampled_from((None, "read", "once")),
    risk=RISKS,
    permissions=st.none() | NEEDS,
    tainted=st.booleans(),
    arguments=st.none()
    | st.dictionaries(st.sampled_from(("n", "m")), st.sampled_from(["ab", "c", 1, 2, 1.5, True, None, [1]])),
)


def policy_of(rules: list[dict[str, Any]], name: str = "house") -> Policy:
    """The policy that rules make."""
    return load_policy([source_of(rules, name)])


def source_of(rules: list[dict[str, Any]], name: str) -> PolicySource:
    """The same as a file; JSON is YAML."""
    written = {"policy": name, "rules": {f"r{number}": rule for number, rule in enumerate(rules)}}
    return PolicySource(name, msgspec.json.encode(written))


# --- what holds ------------------------------------------------------------------------------------------------------


@given(RULES, CALLS, st.sampled_from(("graph", "path", "by", "effect", "permissions", "arguments")))
def test_what_a_movement_leaves_out_never_opens_anything(
    rules: list[dict[str, Any]], call: Movement, field: str
) -> None:
    """A field that was lost on the way here must never turn a denial or a question into a grant."""
    policy = policy_of(rules)
    unsaid = msgspec.structs.replace(call, **{field: getattr(UNSAID, field)})

    assert policy.judge(unsaid).verdict != "allow" or policy.judge(call).verdict == "allow"


@given(
    RULES, CALLS, st.sampled_from(Movement.__struct_fields__), st.sampled_from([msgspec.UNSET, 0, float("nan"), b""])
)
def test_a_field_that_is_no_longer_what_it_was_opens_nothing(
    rules: list[dict[str, Any]], call: Movement, field: str, wrong: object
) -> None:
    """Whatever stands there instead."""
    policy = policy_of(rules)
    broken = msgspec.structs.replace(call, **{field: wrong})

    assert policy.judge(broken).verdict != "allow" or policy.judge(call).verdict == "allow"


@given(RULES, STOPS, CALLS)
def test_another_rule_that_stops_never_allows_more(
    rules: list[dict[str, Any]], stop: dict[str, Any], call: Movement
) -> None:
    """Whoever adds a denial must not have to read all the other rules."""
    before, after = policy_of(rules).judge(call), policy_of([stop, *rules]).judge(call)

    assert after.verdict != "allow" or before.verdict == "allow"


@given(RULES, GRANTS, CALLS)
def test_another_grant_never_lifts_a_denial_of_a_rule_or_a_question(
    rules: list[dict[str, Any]], grant: dict[str, Any], call: Movement
) -> None:
    """Grants add up, and nothing that stops is taken back by one."""
    before, after = policy_of(rules).judge(call), policy_of([*rules, grant]).judge(call)

    assert after == msgspec.structs.replace(before, policy=after.policy) or (
        before.rule == "interlock#no_rule_allows" and after.verdict == "allow"
    )


@given(RULES, CALLS)
def test_a_rule_about_one_name_says_the_same_as_a_pattern_of_that_name(
    rules: list[dict[str, Any]], call: Movement
) -> None:
    """Rules are looked up by exact names; that must be nothing but quicker."""
    indexed = policy_of(rules)

    first = explain(indexed, call).deciding

    assert indexed.judge(call).rule == (first.rule.name if first else "interlock#no_rule_allows")


@settings(max_examples=1_000)
@given(RULES, CALLS)
def test_a_second_judge_that_reads_the_rules_plainly_says_the_same(rules: list[dict[str, Any]], call: Movement) -> None:
    """One that decides by another way, and is wrong about other things than this one."""
    verdict = policy_of(rules).judge(call)

    assert (verdict.verdict, verdict.rule) == plain_verdict(rules, call)


@given(RULES, st.lists(CALLS, min_size=2, max_size=6))
def test_what_was_asked_before_changes_no_answer(rules: list[dict[str, Any]], calls: list[Movement]) -> None:
    """Answers are kept; a judge with a memory would be no judge."""
    asked_often = policy_of(rules)

    assert [asked_often.judge(call) for call in calls] == [policy_of(rules).judge(call) for call in calls]


@given(st.lists(RULES, min_size=2, max_size=3), st.randoms())
def test_files_in_any_order_are_one_policy(files: list[list[dict[str, Any]]], random: Any) -> None:  # noqa: ANN401 - hypothesis's own
    """The same rules, the same digest."""
    sources = [source_of(rules, f"file{number}") for number, rules in enumerate(files)]
    shuffled = random.sample(sources, len(sources))

    assert load_policy(shuffled).digest == load_policy(sources).digest
    assert load_policy(shuffled).as_data() == load_policy(sources).as_data()


TEXTS = st.text(alphabet="ab*", max_size=6)


@given(TEXTS, TEXTS, st.text(alphabet="ab", max_size=6))
def test_a_pattern_that_covers_another_as_text_covers_all_it_stands_for(wide: str, narrow: str, word: str) -> None:
    """A grant is compared with what a tool asks for by this alone."""
    covers = pattern(wide).matches(narrow)

    assert not (covers and pattern(narrow).matches(word)) or pattern(wide).matches(word)


@given(TEXTS, TEXTS, st.text(alphabet="ab", max_size=6))
def test_two_patterns_that_cannot_meet_share_no_word(one: str, other: str, word: str) -> None:
    """A denial lets go only of what certainly lies elsewhere."""
    both = pattern(one).matches(word) and pattern(other).matches(word)

    assert not both or pattern(one).may_meet(pattern(other))
    assert pattern(one).may_meet(pattern(other)) == pattern(other).may_meet(pattern(one))


@given(TEXTS, st.text(alphabet="ab", max_size=8))
@example("ab*ba", "aba")  # the ends of a pattern never share a letter of the word
@example("a*b*b", "ab")
@example("*", "")
def test_a_pattern_matches_what_a_plain_reading_of_it_matches(text: str, word: str) -> None:
    """Said in the slow and obvious way."""

    def reads(rest: str, of: str) -> bool:
        if not rest:
            return not of
        if rest[0] == "*":
            return any(reads(rest[1:], of[start:]) for start in range(len(of) + 1))
        return of[:1] == rest[0] and reads(rest[1:], of[1:])

    assert pattern(text).matches(word) == reads(text, word)
