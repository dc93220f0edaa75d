"""What each kind of node is compiled to."""

from __future__ import annotations

from interlock.core import plan as p
from tests.core.compiling import compiling, planned

MINUTE = 60_000_000


def only(text: str) -> p.Node:
    """The first node of a graph."""
    return planned(text).root.nodes[0]


def test_a_tool_takes_its_input_retry_timeout_and_undo() -> None:
    """Durations are microseconds, and everything that was left out has its default."""
    node = only(
        "nodes: {a: {tool: write, input: {n: 1}, retry: {attempts: 3, backoff: 2s, on: [timeout]}, timeout: 1m,"
        " budget: {calls: 5}, undo: {tool: pay, input: {id: '${a.id}'}, timeout: 2m}}}"
    )

    assert node == p.Node(
        index=0,
        name="a",
        work=p.ToolWork("write"),
        input=p.Constant({"n": 1}),
        retry=p.Retry(3, 2_000_000, 60_000_000, frozenset({"timeout"})),
        timeout=MINUTE,
        budget=p.Budget(calls=5),
        undo=p.Undo("pay", p.MapOf((("id", p.BarePath(("a", "id"))),)), p.Retry(), 2 * MINUTE),
    )


def test_an_undo_without_input_is_given_what_the_node_was_given() -> None:
    """What was done with an input is mostly taken back with the same."""
    node = only("nodes: {a: {tool: write, input: {patch: 7}, undo: {tool: pay}}}")

    assert node.undo == p.Undo("pay", p.Constant({"patch": 7}), p.Retry(), None)


def test_templates_are_as_simple_as_what_stands_in_them() -> None:
    """A constant costs nothing at run time, and a bare path needs no evaluation and keeps large values aside."""
    node = planned(
        "inputs: {n: integer}\n"
        "nodes: {a: {tool: look}, v: {value: {z: 1, a: '${a.b}', t: 'n is ${inputs.n}', e: '$${x}',"
        " l: ['${inputs.n + 1}'], n: null}}}"
    ).root.nodes[1]
    assert isinstance(node.work, p.ValueWork)
    assert isinstance(node.work.template, p.MapOf)

    parts = dict(node.work.template.items)

    assert list(parts) == ["a", "e", "l", "n", "t", "z"]
    assert parts["a"] == p.BarePath(("a", "b"))
    assert (parts["e"], parts["n"], parts["z"]) == (p.Constant("${x}"), p.Constant(None), p.Constant(1))
    assert [type(parts[name]) for name in ("l", "t")] == [p.ListOf, p.Text]


def test_a_secret_is_named_and_never_read() -> None:
    """The plan, the log and the state know its name alone (rule 48)."""
    node = only("secrets: [token]\nnodes: {a: {tool: look, input: {auth: {token: '${secrets.token}'}}}}")

    assert node.input == p.MapOf((("auth", p.MapOf((("token", p.SecretNamed("token")),))),))


def test_a_gate_keeps_each_check_as_it_was_written() -> None:
    """Whoever is told that a gate did not pass is told which check."""
    node = planned(
        "nodes: {a: {tool: look}, g: {gate: ['${a.ok}', '${a.n > 1}'], otherwise: hold, timeout: 1m}}"
    ).root.nodes[1]
    assert isinstance(node.work, p.GateWork)

    assert [check.text for check in node.work.checks] == ["a.ok", "a.n > 1"]
    assert (node.work.otherwise, node.timeout) == ("hold", MINUTE)


def test_a_question_has_choices_or_a_form() -> None:
    """The two ways in which people answer."""
    plan = planned(
        "nodes: {a: {human: 'Release?', choices: [yes, no], quorum: 2, timeout: 1m, otherwise: no},"
        " b: {human: 'Why?', form: {type: object}}}"
    )

    assert [node.work for node in plan.root.nodes] == [
        p.HumanWork(p.Constant("Release?"), ("yes", "no"), None, 2, "no"),
        p.HumanWork(p.Constant("Why?"), (), {"type": "object"}, 1, None),
    ]


def test_a_fuse_keeps_its_candidates_in_the_order_of_from() -> None:
    """Ties go to the earlier one."""
    node = planned(
        "nodes: {a: {tool: look}, b: {tool: look},"
        " f: {fuse: weighted, from: [b, a], by: '${candidate.s}', weights: {a: 1, b: 2.5}, need: 2}}"
    ).root.nodes[2]
    assert isinstance(node.work, p.FuseWork)

    assert node.work.sources == (1, 0)
    assert node.work.weights == ((0, 1.0), (1, 2.5))
    assert (node.work.how, node.work.need) == ("weighted", 2)


def test_the_one_node_of_a_do_is_a_scope_of_its_own() -> None:
    """Its path is the item's, so it is told apart by number and not by name."""
    plan = planned(
        "nodes: {a: {each: [1, 2], as: doc, parallel: 3, do: {tool: look, input: {d: '${doc}', n: '${doc_index}'}}}}"
    )

    assert plan.root.nodes[0].work == p.EachWork(p.Constant([1, 2]), "doc", 3, None, 1)
    assert (plan.scopes[1].kind, plan.scopes[1].single, plan.scopes[1].nodes[0].name) == ("item", True, "a")


def test_a_loop_has_rounds_and_outputs() -> None:
    """The body is a scope for each round; what it gives stands beside it."""
    plan = planned(
        "nodes: {l: {loop: {x: {tool: look}}, as: turn, until: '${x.ok && turn.index > 0}', max: 3,"
        " outputs: {y: '${x.y}'}}}"
    )
    work = plan.root.nodes[0].work
    assert isinstance(work, p.LoopWork)

    assert (work.round, work.max, work.at_max, work.body) == ("turn", 3, "fail", 1)
    assert plan.scopes[1].outputs == (("y", p.BarePath(("x", "y"))),)


def test_a_named_graph_is_compiled_once_however_often_it_is_named() -> None:
    """A plan is as large as what was written, not as what will run."""
    small = "{graph: small, inputs: {n: integer, unit: {type: string, default: m}}, nodes: {x: {value: '${inputs.n}'}}}"

    plan = planned(
        "nodes: {a: {graph: small, input: {n: 1}}, b: {graph: small, input: {n: '${a}'}}}", graphs={"small": small}
    )

    assert [node.work for node in plan.root.nodes] == [p.GraphWork("small", 1), p.GraphWork("small", 1)]
    assert len(plan.scopes) == 2


def test_a_named_graph_is_given_its_defaults() -> None:
    """What it leaves to its caller to say is in its inputs, said or not."""
    small = "{graph: small, inputs: {n: integer, unit: {type: string, default: m}}, nodes: {x: {value: '${inputs.n}'}}}"

    node = planned("nodes: {a: {graph: small, input: {n: 1}}}", graphs={"small": small}).root.nodes[0]

    assert node.input == p.Constant({"n": 1, "unit": "m"})


def test_waits_are_for_a_time_an_instant_or_an_event() -> None:
    """Three kinds of waiting, one kind of node."""
    plan = planned(
        "inputs: {pr: integer}\nnodes: {a: {wait: 10m}, b: {wait: {at: '2030-01-31T12:00:00Z'}},"
        " c: {wait: {event: merged, match: {pr: '${inputs.pr}'}, early: drop}, timeout: 1m}}"
    )

    assert [node.work for node in plan.root.nodes] == [
        p.WaitWork(10 * MINUTE, None, None, None, None, drops_early=False),
        p.WaitWork(None, p.Constant("2030-01-31T12:00:00Z"), None, None, None, drops_early=False),
        p.WaitWork(None, None, "merged", p.MapOf((("pr", p.BarePath(("inputs", "pr"))),)), None, drops_early=True),
    ]


def test_an_emit_carries_its_data_as_its_input() -> None:
    """It is an effect like a tool's, with an event's name."""
    node = only("nodes: {e: {emit: patch_ready, data: {id: 7}, retry: {attempts: 2}}}")

    assert (node.work, node.input, node.retry.attempts) == (p.EmitWork("patch_ready"), p.Constant({"id": 7}), 2)


def test_a_choose_tries_its_cases_in_order() -> None:
    """A case without a condition always holds."""
    node = planned(
        "nodes: {a: {tool: look}, c: {choose: [{label: big, when: '${a.n > 1}'}, {label: small}]}}"
    ).root.nodes[1]
    assert isinstance(node.work, p.ChooseWork)

    assert [(case.label, case.when is None) for case in node.work.cases] == [("big", False), ("small", True)]


def test_a_graph_says_what_bounds_a_run() -> None:
    """Deadline, budget, what a failure does, and what is given: the root scope has it all."""
    root = planned(
        "{graph: g, inputs: {n: integer}, timeout: 1m, budget: {calls: 3, wall: 1m}, on_failure: hold,"
        " nodes: {a: {tool: look}}, outputs: {n: '${inputs.n}'}}"
    ).root

    assert (root.name, root.timeout, root.budget, root.on_failure) == ("g", MINUTE, p.Budget(3, MINUTE), "hold")
    assert root.outputs == (("n", p.BarePath(("inputs", "n"))),)
    assert root.inputs == {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }


def test_a_whole_json_schema_can_stand_for_the_inputs() -> None:
    """What the short form cannot say can be said at length."""
    schema = "{type: object, properties: {n: {type: integer, minimum: 1}}, required: [n]}"

    root = planned(f"inputs: {schema}\nnodes: {{a: {{value: '${{inputs.n}}'}}}}").root

    assert root.inputs == {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}


def test_the_plan_knows_the_tools_that_are_called_and_the_secrets() -> None:
    """Also those that only take back what was done."""
    compiled = compiling("secrets: [b, a]\nnodes: {x: {tool: look, undo: {tool: write}}}")
    assert compiled.plan is not None

    assert (sorted(compiled.plan.tools), compiled.plan.secrets) == (["look", "write"], ("a", "b"))
