"""What the compiler refuses, and in which words: one row for each thing that can be wrong."""

from __future__ import annotations

import pytest

from interlock.core.problems import Problem
from tests.core.compiling import compiling, errors

SHAPE = [
    ("nodes: {a: {tool: look, retrys: 3}}", "nodes.a.retrys: `retrys` is not a key of a tool node"),
    ("nodes: {a: {tool: look, retry: {attempt: 3}}}", "nodes.a.retry.attempt: `attempt` is not a key of `retry`"),
    ("nodes: {a: {too: look}}", "nodes.a.too: `too` is not a kind of node"),
    ("nodes: {a: {input: {}}}", "nodes.a: `a` does not say what kind of node it is"),
    ("nodes: {a: {tool: look, value: 1}}", "nodes.a: `a` has several kinds: `tool`, `value`"),
    ("nodes: {a: look}", "nodes.a: `a` is a node, and so a map, not the text `look`"),
    ("nodes: {a: {tool: [look]}}", "nodes.a.tool: `tool` is text, not a list"),
    (
        "nodes: {a: {tool: look, cancel_rest: 1}}",
        "nodes.a.cancel_rest: `cancel_rest` is true or false, not the number 1",
    ),
    ("nodes: {a: {tool: look, timeout: 30}}", "nodes.a.timeout: 30 has no unit"),
    ("nodes: {a: {tool: look, join: most}}", "nodes.a.join: `join` is one of all, any, first, not the text `most`"),
    (
        "nodes: {a: {tool: look, on_error: 3}}",
        "nodes.a.on_error: `on_error` is `fail`, `continue` or `{fallback: node}`",
    ),
    ("nodes: {a: {tool: look, retry: {attempts: 0}}}", "nodes.a.retry.attempts: `attempts` is at least 1, not 0"),
    (
        "nodes: {a: {tool: look, retry: {attempts: 2, on: [invalid]}}}",
        (
            "nodes.a.retry.on.0: "
            "item 0 of `on` is one of failed, rate_limited, timeout, unavailable, not the text `invalid`"
        ),
    ),
    ("nodes: {a: {value: 1, timeout: 3s}}", "nodes.a.timeout: `timeout` is not a key of a value node"),
    (
        "nodes: {a: {each: [1], do: {tool: look}, retry: {attempts: 2}}}",
        "nodes.a.retry: `retry` is not a key of an each node",
    ),
    ("nodes: {a: {gate: '${true}', undo: {tool: look}}}", "nodes.a.undo: `undo` is not a key of a gate node"),
    ("nodes: {a: {tool: look, budget: {calls: 1, wall: 3s}}}", "nodes.a.budget.wall: `wall` is not a key of `budget`"),
    ("nodes: {a: {loop: {x: {tool: look}}, until: '${x.ok}'}}", "nodes.a: a loop node needs `max`"),
    (
        "nodes: {a: {each: [1], parallel: 1001, do: {tool: look}}}",
        "nodes.a.parallel: `parallel` is at most 1000, not 1001",
    ),
    ("nodes: {a: {loop: {x: {valu: 1}}, max: 3, at_max: accept}}", "nodes.a.loop.x.valu: `valu` is not a kind of node"),
    ("nodes: {}", "nodes: there are no nodes here"),
    ("nodes: {a: {tool: look}}\nlanguage: 2", "language: `language` is 1, not the number 2"),
    ("nodes: {a: {tool: look}}\nnode: 2", "node: `node` is not a key of a graph"),
    ("{graph: Bad Name, nodes: {a: {tool: look}}}", "graph: `Bad Name` cannot be the name of a graph"),
]
NOT_YET = [
    ("nodes: {a: {agent: planner}}", "nodes.a.agent: there is no agent `planner`"),
    (
        "nodes: {a: {tool: look}}\nbudget: {usd: a lot}",
        "budget.usd: 'a lot' is no amount of US dollars: write `\"2.50\"`, with six decimals at most",
    ),
    ("nodes: {a: {human: ok, choices: [y], to: group:x}}", "nodes.a.to: `to` is not in this version"),
    ("nodes: {a: {tool: look}, f: {fuse: judge, from: [a]}}", "nodes.f.fuse: `judge` is not in this version"),
]
NAMES = [
    ("nodes: {Foo-Bar: {tool: look}}", "nodes.Foo-Bar: `Foo-Bar` cannot be a name"),
    ("nodes: {loop: {tool: look}}", "nodes.loop: `loop` is a reserved word of expressions"),
    ("nodes: {list: {tool: look}}", "nodes.list: `list` is the name of a type in expressions"),
    ("nodes: {inputs: {tool: look}}", "nodes.inputs: `inputs` has a meaning of its own"),
    ("nodes: {finally: {tool: look}}", "nodes.finally: `finally` has a meaning of its own"),
    (
        "nodes: {a: {tool: look}, g: {graph: {nodes: {a: {tool: look}}}}}",
        "nodes.g.graph.nodes.a: `a` is already the name of something that can be seen from here",
    ),
    (
        "nodes: {a: {tool: look}, e: {each: [1], as: a, do: {tool: look}}}",
        "nodes.e.as: the variable `a` has the name of something that can be seen from here",
    ),
    ("nodes: {a: {tool: lok}}", "nodes.a.tool: there is no tool `lok`"),
    ("nodes: {a: {graph: other}}", "nodes.a.graph: there is no graph `other`"),
    ("nodes: {a: {tool: look, after: b}}", "nodes.a.after: there is no node `b` here"),
    ("nodes: {a: {tool: look, after: a}}", "nodes.a.after: `a` waits for itself"),
    ("nodes: {a: {tool: look, input: {x: '${a}'}}}", "nodes.a.input.x: `a` depends on itself"),
    ("nodes: {a: {tool: look, cancels: b}}", "nodes.a.cancels: there is no node `b` here"),
    (
        "nodes: {a: {tool: look}, g: {graph: {nodes: {x: {tool: look, after: a}}}}}",
        "nodes.g.graph.nodes.x.after: `a` stands outside of what holds this node",
    ),
]
EDGES = [
    (
        "nodes: {a: {tool: look, after: c}, b: {tool: look, after: a}, c: {tool: look, after: b}}",
        "nodes.a: these wait for one another in a circle: a -> b -> c -> a",
    ),
    (
        "nodes: {a: {human: ok, choices: [yes, no]}, b: {tool: look, after: {a: {on: yess}}}}",
        "nodes.b.after.a.on: `a` can never end with `yess`, so this edge never fires",
    ),
    (
        "nodes: {a: {tool: score, input: {text: x}}, b: {tool: look, after: {a: {on: bad}}}}",
        "nodes.b.after.a.on: `a` can never end with `bad`, so this edge never fires",
    ),
    (
        "nodes: {a: {gate: '${true}'}, b: {tool: look, after: {a: {on: failed}}}}",
        "nodes.b.after.a.on: nothing can catch a gate's verdict, so `a` has no `on: failed`",
    ),
    (
        "nodes: {a: {gate: '${true}', on_error: continue}}",
        "nodes.a.on_error: nothing can catch what a gate says, so it has no `on_error`",
    ),
    (
        "nodes: {a: {tool: look}, b: {tool: look, after: a, join: {quorum: 2}}}",
        "nodes.b.join: `quorum: 2` can never be met by the 1 of `after`",
    ),
    (
        "nodes: {a: {tool: look}, b: {tool: look, join: any, input: {x: '${a}'}}}",
        "nodes.b.join: the join counts the edges of `after`, and there are none",
    ),
    (
        "nodes: {a: {tool: look}, b: {tool: look, after: a, cancel_rest: true}}",
        "nodes.b.cancel_rest: with `join: all` nothing is left to cancel when the node starts",
    ),
    (
        "nodes: {a: {tool: look}, b: {tool: look}, c: {tool: look, after: {a: {when: '${b.ok}'}}}}",
        "nodes.c.after.a.when: `b` cannot be seen from here",
    ),
    (
        "nodes: {a: {tool: look, on_error: {fallback: b}}, b: {tool: look, after: c}, c: {tool: look}}",
        "nodes.b.after: `b` stands in for `a` and starts when that fails: it waits for nothing else",
    ),
    (
        "nodes: {a: {tool: look, on_error: {fallback: b}}, b: {tool: look}, c: {tool: look, after: b}}",
        "nodes.c: `b` stands in for `a`, so nothing else hangs on it",
    ),
    (
        "nodes: {a: {tool: look, on_error: {fallback: b}}, b: {tool: look, on_error: {fallback: a}}}",
        "nodes.b.on_error.fallback: `a` and `b` would stand in for each other, and neither could start",
    ),
    (
        "nodes: {a: {tool: look, on_error: {fallback: c}}, b: {tool: look, on_error: {fallback: c}}, c: {tool: look}}",
        "nodes.b.on_error.fallback: `c` already stands in for `a`",
    ),
    (
        "nodes: {a: {tool: look, on_error: {fallback: b}}, b: {tool: look, input: {x: '${c}'}}, c: {tool: look}}",
        "nodes.b: `b` stands in for `a`, which does not wait for `c`",
    ),
    (
        (
            "nodes: {d: {choose: [{label: y, when: '${true}'}, {label: z}]}, e: {tool: look, after: {d: {on: y}}}, "
            "f: {tool: look, after: {d: {on: z}}}, g: {tool: look, after: [e, f]}}"
        ),
        "nodes.g: `g` can never run: it waits for `e` and for `f`",
    ),
]
EXPRESSIONS = [
    ("nodes: {a: {tool: look, when: 'n > 3'}}", "nodes.a.when: a condition is one expression in ${…}"),
    ("nodes: {a: {tool: look, when: '${1 > 0} '}}", "nodes.a.when: a condition is one `${…}` and nothing beside it"),
    ("nodes: {a: {tool: look, when: '${1 + 1}'}}", "nodes.a.when: a condition is true or false, and this is a number"),
    ("nodes: {a: {value: '${1 +'}}", "nodes.a.value: this `${` is not closed"),
    ("nodes: {a: {value: '${b.x}'}}", "nodes.a.value: `b` is not a name that can be used here"),
    ("nodes: {a: {value: '${event.x}'}}", "nodes.a.value: `event` cannot be seen from here"),
    ("nodes: {a: {value: '${candidate}'}}", "nodes.a.value: `candidate` cannot be seen from here"),
    ("nodes: {a: {value: '${nodes.b.outcome}'}}", "nodes.a.value: `nodes.b`: there is no node `b` here"),
    ("nodes: {a: {tool: look}, b: {value: '${nodes.a.out}'}}", "nodes.b.value: `nodes.a` has no field `out`"),
    ("nodes: {a: {value: '${nodes}'}}", "nodes.a.value: `nodes` by itself is no value"),
    ("nodes: {a: {value: '${run.status}'}}", "nodes.a.value: `run.status` is known only when the run ends"),
    ("nodes: {a: {value: '${run.name}'}}", "nodes.a.value: `run` has no field `name`"),
    ("inputs: {n: integer}\nnodes: {a: {value: '${inputs.m}'}}", "nodes.a.value: `inputs` has no field `m`"),
    ("nodes: {a: {value: {x: 1}}, b: {value: '${a.y}'}}", "nodes.b.value: `a` has no field `y`"),
    (
        "nodes: {a: {tool: score, input: {text: x}}, b: {value: '${a.point + 1.0}'}}",
        "nodes.b.value: `a` has no field `point`",
    ),
    ("nodes: {a: {value: '${secrets.token}'}}", "nodes.a.value: a secret cannot stand here"),
    ("nodes: {a: {tool: look, input: {t: '${secrets.t}'}}}", "nodes.a.input.t: the graph lists no secret `t`"),
    (
        "secrets: [t]\nnodes: {a: {tool: look, input: {t: 'x ${secrets.t}'}}}",
        "nodes.a.input.t: `secrets` is not a name that can be used here",
    ),
    ("nodes: {a: {tool: look}}\noutputs: {x: '${b}'}", "outputs.x: `b` is not a name that can be used here"),
]
KINDS = [
    ("nodes: {a: {tool: score, input: {}}}", "nodes.a.input: the input lacks `text`"),
    ("nodes: {a: {tool: score, input: {text: x, limt: 1}}}", "nodes.a.input.limt: `limt` is not taken here"),
    ("nodes: {a: {tool: score, input: {text: 3}}}", "nodes.a.input.text: input.text is 3, not text"),
    (
        "nodes: {a: {tool: look, undo: {tool: score, input: {txt: x}}}}",
        "nodes.a.undo.input: the input lacks `text`\nnodes.a.undo.input.txt: `txt` is not taken here",
    ),
    ("nodes: {a: {tool: look, input: [1]}}", "nodes.a.input: an input is a map of names to values"),
    (
        "nodes: {a: {gate: '${true}', timeout: 1h}}",
        "nodes.a.timeout: `timeout` is how long a held gate waits, and this one does not hold",
    ),
    ("nodes: {a: {human: ok}}", "nodes.a: a question has either `choices` or a `form`"),
    (
        "nodes: {a: {human: ok, choices: [failed]}}",
        "nodes.a.choices.0: `failed` is an outcome, so it cannot be a label",
    ),
    ("nodes: {a: {human: ok, choices: [y, y]}}", "nodes.a.choices.1: `y` is there twice"),
    (
        "nodes: {a: {human: ok, choices: [y], otherwise: n, timeout: 1h}}",
        "nodes.a.otherwise: `n` is not a choice of this question",
    ),
    (
        "nodes: {a: {human: ok, choices: [y], otherwise: y}}",
        "nodes.a.otherwise: `otherwise` is the choice when time is up, and this question has no `timeout`",
    ),
    (
        "nodes: {a: {human: ok, form: {type: object}, quorum: 2}}",
        "nodes.a.quorum: `quorum` counts people who chose the same, and a form has no choices",
    ),
    ("nodes: {a: {tool: look}, f: {fuse: best_of, from: [a]}}", "nodes.f: `best_of` needs `by`"),
    (
        "nodes: {a: {tool: look}, f: {fuse: merge, from: [a], by: '${candidate}'}}",
        "nodes.f.by: `merge` does not compare, so it has no `by`",
    ),
    (
        "nodes: {a: {tool: look}, f: {fuse: weighted, from: [a], by: '${candidate.s}'}}",
        "nodes.f: `a` has no weight",
    ),
    (
        "nodes: {a: {tool: look}, f: {fuse: weighted, from: [a], by: '${candidate.s}', weights: {a: 1, b: 2}}}",
        "nodes.f.weights.b: `b` is not one of `from`",
    ),
    (
        "nodes: {a: {tool: look}, f: {fuse: vote, from: [a], by: '${candidate.s}', need: 2}}",
        "nodes.f.need: `need: 2` can never be met by the 1 of `from`",
    ),
    (
        "nodes: {a: {tool: look}, f: {fuse: vote, from: [a], by: '${candidate.s}', conflict: first}}",
        "nodes.f.conflict: `conflict` is said of `merge` alone",
    ),
    ("nodes: {a: {each: [1]}}", "nodes.a: an each node has either `do` or `nodes`"),
    ("nodes: {a: {each: 3, do: {tool: look}}}", "nodes.a.each: `each` goes over a list"),
    ("nodes: {a: {each: '${1 + 1}', do: {tool: look}}}", "nodes.a.each: `each` goes over a list, and this is a number"),
    (
        "nodes: {a: {each: [1, 2], quorum: 3, do: {tool: look}}}",
        "nodes.a.quorum: `quorum: 3` can never be met by 2 items",
    ),
    (
        "nodes: {a: {loop: {x: {tool: look}}, max: 3}}",
        "nodes.a: a loop without `until` ends by reaching `max`, which is a failure here",
    ),
    (
        "nodes: {a: {graph: {nodes: {x: {tool: look}}}, input: {y: 1}}}",
        "nodes.a.input: a block takes no input: it sees what is around it",
    ),
    ("nodes: {a: {wait: {at: tomorrow}}}", "nodes.a.wait.at: `tomorrow` is no instant"),
    (
        "nodes: {a: {wait: 10m, timeout: 5m}}",
        "nodes.a.timeout: `timeout` bounds a wait for an event; this one ends by itself",
    ),
    ("nodes: {a: {emit: 'x ${1}'}}", "nodes.a.emit: the name of an event is fixed text"),
    (
        "nodes: {a: {choose: [{label: x}, {label: y}]}}",
        "nodes.a.choose.0: `x` always holds, so what comes after it is never tried",
    ),
    ("inputs: {n: integr}\nnodes: {a: {tool: look}}", "inputs.n: `integr` is not a type"),
]


@pytest.mark.parametrize(("text", "problem"), [*SHAPE, *NOT_YET, *NAMES, *EDGES, *EXPRESSIONS, *KINDS])
def test_a_wrong_graph_is_refused_in_words_for_who_wrote_it(text: str, problem: str) -> None:
    """Each thing that can be wrong is told at its place, with nothing beside it, in the words of the language."""
    assert errors(text) == problem.split("\n")


def test_all_problems_are_told_at_once() -> None:
    """Mending one thing only to be told of the next is what makes people give up."""
    text = """
nodes:
  a: {tool: look, retrys: 3}
  b: {tool: lok, input: {x: "${aa.x}"}}
  c: {loop: {x: {tool: look}}}
  d: {value: "${c.x}", after: e}
"""

    assert errors(text) == [
        "nodes.a.retrys: `retrys` is not a key of a tool node",
        "nodes.c: a loop node needs `max`",
        "nodes.b.input.x: `aa` is not a name that can be used here",
        "nodes.b.tool: there is no tool `lok`",
        "nodes.d.after: there is no node `e` here",
    ]


def test_a_problem_says_what_to_do_and_where_in_the_text() -> None:
    """An editor puts its caret on the offset, and the author reads the advice."""
    compiled = compiling('nodes: {fetch: {tool: look}, b: {tool: look, input: {x: "is ${fetsh.x}"}}}')

    assert compiled.errors == (
        Problem(
            place=("nodes", "b", "input", "x"),
            message="`fetsh` is not a name that can be used here",
            advice="did you mean `fetch`?",
            offset=5,
        ),
    )


def test_a_problem_of_a_named_graph_is_told_where_it_is_named() -> None:
    """The author sees the file in hand, and learns which other one to open."""
    small = "{graph: small, nodes: {x: {tool: lok}}}"

    assert errors("nodes: {a: {graph: small}}", graphs={"small": small}) == [
        "nodes.a.graph: in graph `small`, at nodes.x.tool: there is no tool `lok`"
    ]


def test_graphs_that_name_one_another_are_refused() -> None:
    """What such a run costs could not be bounded (rule 25)."""
    graphs = {"one": "{graph: one, nodes: {a: {graph: two}}}", "two": "{graph: two, nodes: {a: {graph: one}}}"}

    assert errors("nodes: {a: {graph: one}}", graphs=graphs) == [
        "nodes.a.graph: graphs name one another in a circle: one -> two -> one"
    ]


def test_a_graph_that_names_itself_is_refused() -> None:
    """Recursion has no bound either."""
    assert errors("{graph: me, nodes: {a: {graph: me}}}", graphs={"me": "{graph: me, nodes: {a: {graph: me}}}"}) == [
        "nodes.a.graph: graphs name one another in a circle: me -> me"
    ]


@pytest.mark.parametrize(
    ("says", "problem"),
    [
        ("on_failure: hold", "`small` says `on_failure: hold`, which only a whole run can"),
        ("budget: {wall: 1m}", "`small` says `budget.wall`, which bounds a whole run"),
    ],
)
def test_what_only_a_run_can_have_is_refused_of_a_named_graph(says: str, problem: str) -> None:
    """Accepted without effect, it would be believed in."""
    small = f"{{graph: small, {says}, nodes: {{x: {{tool: look}}}}}}"

    assert errors("nodes: {a: {graph: small}}", graphs={"small": small}) == [f"nodes.a.graph: {problem}"]


def test_a_graph_is_a_wall() -> None:
    """A named graph means the same wherever it is called (rule 5)."""
    small = "{graph: small, nodes: {x: {value: '${a}'}}}"

    assert errors("nodes: {a: {tool: look}, b: {graph: small, after: a}}", graphs={"small": small}) == [
        "nodes.b.graph: in graph `small`, at nodes.x.value: `a` is not a name that can be used here"
    ]
