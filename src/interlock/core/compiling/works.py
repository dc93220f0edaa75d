"""What each kind of node does, compiled: one function a kind, with the rules that look at several of its keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, assert_never

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.canonical import canonical
from interlock.core.compiling.dependencies import Spot
from interlock.core.compiling.inputs import within
from interlock.core.compiling.json_data import Json
from interlock.core.compiling.names import wrong_event_name, wrong_label
from interlock.core.compiling.node_inputs import check_agent, check_tool
from interlock.core.compiling.parts import Parts
from interlock.core.compiling.scoping import NodeDraft
from interlock.core.compiling.templates import type_said
from interlock.core.expressions import Expression
from interlock.core.problems import Place, nearest
from interlock.core.schemas import check_schema, misspelt_keywords

TIMED_OUT = "timed_out"
"""The label of a question that nobody answered in time, beside the choice that was taken then."""
CAPPED = "capped"
"""The label of a loop that reached its `max` and was told to accept it."""
COMPLETED = "completed"
"""The label of an `each` that a person ended with what it had."""


def work_of(node: NodeDraft, parts: Parts) -> p.Work:
    """What a node does."""
    match node.model:
        case g.ToolNode() as model:
            check_tool(model.tool, (*node.place, "tool"), parts)
            return p.ToolWork(model.tool)
        case g.AgentNode() as model:
            pool = model.pool.name if model.pool is not None else p.DEFAULT_POOL
            check_agent(model.agent, (*node.place, "agent"), parts, pool=pool)
            return p.AgentWork(model.agent)
        case g.ValueNode() as model:
            return p.ValueWork(parts.compiler.template(model.value, Spot(node.scope, node), (*node.place, "value")))
        case g.GateNode() as model:
            return _gate(node, model, parts)
        case g.HumanNode() as model:
            return _human(node, model, parts)
        case g.FuseNode() as model:
            return _fuse(node, model, parts)
        case g.EachNode() as model:
            return _each(node, model, parts)
        case g.LoopNode() as model:
            return _loop(node, model, parts)
        case g.GraphNode() as model:
            return _graph(node, model, parts)
        case g.WaitNode() as model:
            return _wait(node, model, parts)
        case g.EmitNode() as model:
            _check_event_name(model.emit, (*node.place, "emit"), parts)
            return p.EmitWork(model.emit)
        case g.ChooseNode() as model:
            return _choose(node, model, parts)
        case _ as never:
            assert_never(never)


# --- the kinds -------------------------------------------------------------------------------------------------------


def _gate(node: NodeDraft, model: g.GateNode, parts: Parts) -> p.GateWork:
    if model.timeout is not None and model.otherwise != "hold":
        message = "`timeout` is how long a held gate waits, and this one does not hold"
        parts.problem((*node.place, "timeout"), message, "write `otherwise: hold`, or leave it out")
    if model.on_error != "fail":
        message = "nothing can catch what a gate says, so it has no `on_error`"
        parts.problem((*node.place, "on_error"), message, "to branch, use `choose`", at_key=True)
    checks: list[p.Check] = []
    for index, written in enumerate(model.gate):
        expression = parts.compiler.condition(written, Spot(node.scope, node), (*node.place, "gate", index))
        if expression is not None:
            checks.append(p.Check(expression, expression.source.strip()))
    return p.GateWork(tuple(checks), model.otherwise)


def _human(node: NodeDraft, model: g.HumanNode, parts: Parts) -> p.HumanWork:
    if bool(model.choices) == (model.form is not None):
        advice = "write `choices: [yes, no]`, or a JSON Schema as `form`"
        parts.problem(node.place, "a question has either `choices` or a `form`", advice, at_key=True)
    _check_labels(model.choices, (*node.place, "choices"), parts)
    if model.form is not None:
        _check_form(model.form, (*node.place, "form"), parts)
        if model.quorum > 1:
            message = "`quorum` counts people who chose the same, and a form has no choices"
            parts.problem((*node.place, "quorum"), message, "leave it out, or ask with `choices`")
    if model.otherwise is not None:
        _check_otherwise(node, model, model.otherwise, parts)
    question = parts.compiler.template(model.human, Spot(node.scope, node), (*node.place, "human"))
    # A question is recorded with its form, and must be the same from the document as from the bundle.
    form = None if model.form is None else canonical(model.form)
    return p.HumanWork(question, tuple(model.choices), form, model.quorum, model.otherwise)


def _check_form(form: dict[str, Any], place: Place, parts: Parts) -> None:
    wrong = check_schema(form)
    parts.draft.errors += [within(problem, place) for problem in wrong]
    if not wrong:
        parts.draft.warnings += [within(problem, place) for problem in misspelt_keywords(form)]


def _check_otherwise(node: NodeDraft, model: g.HumanNode, otherwise: str, parts: Parts) -> None:
    place = (*node.place, "otherwise")
    if otherwise not in model.choices:
        meant = nearest(otherwise, model.choices)
        advice = f"did you mean `{meant}`?" if meant else "it is one of `choices`"
        parts.problem(place, f"`{otherwise}` is not a choice of this question", advice)
    elif model.timeout is None:
        message = "`otherwise` is the choice when time is up, and this question has no `timeout`"
        parts.problem(place, message, "add one, such as `timeout: 24h`")


def _check_labels(labels: list[str], place: Place, parts: Parts) -> None:
    for index, label in enumerate(labels):
        if (wrong := wrong_label(label)) is not None:
            parts.problem((*place, index), *wrong)
        elif label in labels[:index]:
            parts.problem((*place, index), f"`{label}` is there twice", "leave one out")


def _fuse(node: NodeDraft, model: g.FuseNode, parts: Parts) -> p.FuseWork:
    _check_fuse_keys(node, model, parts)
    by: Expression | None = None
    if model.by is not None:
        spot = Spot(node.scope, node, extra=("candidate", "candidates"))
        by = parts.compiler.single(model.by, spot, (*node.place, "by"), "`by`")
    sources = [node.scope.by_name[name].index for name in model.from_ if name in node.scope.by_name]
    weights = [
        (node.scope.by_name[name].index, weight)
        for name, weight in sorted(model.weights.items())
        if name in node.scope.by_name
    ]
    return p.FuseWork(model.fuse, tuple(sources), by, tuple(weights), model.conflict, model.need)


def _check_fuse_keys(node: NodeDraft, model: g.FuseNode, parts: Parts) -> None:
    if (model.by is None) != (model.fuse == "merge"):
        message = f"`{model.fuse}` needs `by`" if model.by is None else "`merge` does not compare, so it has no `by`"
        advice = "write `by: ${candidate.score}`" if model.by is None else "leave it out"
        parts.problem(node.place if model.by is None else (*node.place, "by"), message, advice, at_key=True)
    if model.fuse == "weighted":
        for name in [name for name in model.from_ if name not in model.weights]:
            parts.problem((*node.place, "weights"), f"`{name}` has no weight", "each of `from` has one", at_key=True)
    for name in model.weights:
        if model.fuse != "weighted":
            parts.problem(
                (*node.place, "weights"), f"`{model.fuse}` takes no weights", "use `fuse: weighted`", at_key=True
            )
            break
        if name not in model.from_:
            meant = nearest(name, model.from_)
            advice = f"did you mean `{meant}`?" if meant else "weights are by the names of `from`"
            parts.problem((*node.place, "weights", name), f"`{name}` is not one of `from`", advice, at_key=True)
    if model.conflict != "fail" and model.fuse != "merge":
        parts.problem((*node.place, "conflict"), "`conflict` is said of `merge` alone", "leave it out", at_key=True)
    if model.need > len(model.from_):
        message = f"`need: {model.need}` can never be met by the {len(model.from_)} of `from`"
        parts.problem((*node.place, "need"), message, f"it is at most {len(model.from_)}")


def _each(node: NodeDraft, model: g.EachNode, parts: Parts) -> p.EachWork:
    place = (*node.place, "each")
    if (model.do is None) == (model.nodes is None):
        advice = "`do` is one node, `nodes` a map of them"
        parts.problem(node.place, "an each node has either `do` or `nodes`", advice, at_key=True)
    if model.outputs is not None and model.nodes is None:
        parts.problem((*node.place, "outputs"), "`outputs` stands beside `nodes`", "with `do`, the node's value is it")
    items = _items(node, model.each, place, parts)
    written: Json = model.each
    count = len(written) if isinstance(written, list) else None
    if model.quorum is not None and count is not None and model.quorum > count:
        message = f"`quorum: {model.quorum}` can never be met by {count} items"
        parts.problem((*node.place, "quorum"), message, f"it is at most {count}")
    body = parts.draft.body_of(node)
    return p.EachWork(items, model.as_, model.parallel, model.quorum, body.number if body else -1)


def _items(node: NodeDraft, written: Json, place: Place, parts: Parts) -> p.Template:
    items = parts.compiler.template(written, Spot(node.scope, node), place)
    match items:
        case p.Computed(expression=expression) if expression.return_type.partition("<")[0] not in {"LIST", "DYN"}:
            parts.problem(place, f"`each` goes over a list, and this is {type_said(expression)}", "mention a list")
        case p.Constant(value=value) if not isinstance(value, list) and not _is_hole(written):
            parts.problem(place, "`each` goes over a list", "write `${a.list}`, or the items themselves: `[1, 2]`")
        case p.Text() | p.MapOf():
            parts.problem(place, "`each` goes over a list", "write one `${…}`, or the items themselves: `[1, 2]`")
        case _:
            pass
    return items


def _is_hole(written: object) -> bool:
    """Whether an expression was tried: then what is wrong with it has been said."""
    return isinstance(written, str) and "${" in written


def _loop(node: NodeDraft, model: g.LoopNode, parts: Parts) -> p.LoopWork:
    body = parts.draft.body_of(node)
    until: Expression | None = None
    if model.until is not None and body is not None:
        until = parts.compiler.condition(model.until, Spot(body), (*node.place, "until"))
    elif model.at_max == "fail":
        message = "a loop without `until` ends by reaching `max`, which is a failure here"
        parts.problem(node.place, message, "say `until: ${…}`, or `at_max: accept`", at_key=True)
    return p.LoopWork(model.as_, until, model.max, model.at_max, body.number if body else -1)


def _graph(node: NodeDraft, model: g.GraphNode, parts: Parts) -> p.GraphWork:
    place = (*node.place, "graph")
    if isinstance(model.graph, g.Block):
        if model.input is not None:
            message = "a block takes no input: it sees what is around it"
            parts.problem((*node.place, "input"), message, "mention the names inside", at_key=True)
        body = parts.draft.body_of(node)
        return p.GraphWork(None, body.number if body else -1)
    inner = parts.graphs.get(model.graph)
    if inner is None:
        return p.GraphWork(model.graph, -1)
    if inner.model.on_failure == "hold":
        message = f"`{model.graph}` says `on_failure: hold`, which only a whole run can"
        parts.problem(place, message, "say it in the outermost graph")
    if inner.model.budget is not None and inner.model.budget.wall is not None:
        message = f"`{model.graph}` says `budget.wall`, which bounds a whole run"
        parts.problem(place, message, "give the node a `timeout` instead")
    return p.GraphWork(model.graph, inner.root.number)


def _wait(node: NodeDraft, model: g.WaitNode, parts: Parts) -> p.WaitWork:
    place = (*node.place, "wait")
    if model.timeout is not None and not isinstance(model.wait, g.WaitForEvent):
        message = "`timeout` bounds a wait for an event; this one ends by itself"
        parts.problem((*node.place, "timeout"), message, "leave it out", at_key=True)
    match model.wait:
        case int() as duration:
            return p.WaitWork(duration, None, None, None, None, drops_early=False)
        case g.WaitUntil(at=written):
            at = parts.compiler.template(written, Spot(node.scope, node), (*place, "at"))
            if isinstance(at, p.Constant) and not _is_hole(written) and not _is_instant(written):
                message = f"`{written}` is no instant"
                parts.problem((*place, "at"), message, "write a date, a time and a zone: 2030-01-31T12:00:00Z")
            return p.WaitWork(None, at, None, None, None, drops_early=False)
        case g.WaitForEvent() as wait:
            return _wait_for_event(node, wait, place, parts)


def _wait_for_event(node: NodeDraft, wait: g.WaitForEvent, place: Place, parts: Parts) -> p.WaitWork:
    _check_event_name(wait.event, (*place, "event"), parts)
    match, where = None, None
    if wait.match is not None:
        match = parts.compiler.template(wait.match, Spot(node.scope, node), (*place, "match"))
    if wait.where is not None:
        where = parts.compiler.condition(wait.where, Spot(node.scope, node, extra=("event",)), (*place, "where"))
    return p.WaitWork(None, None, wait.event, match, where, drops_early=wait.early == "drop")


def _is_instant(written: str) -> bool:
    try:
        return datetime.fromisoformat(written).tzinfo is not None
    except ValueError:
        return False


def _check_event_name(name: str, place: Place, parts: Parts) -> None:
    if (wrong := wrong_event_name(name)) is not None:
        parts.problem(place, *wrong)


def _choose(node: NodeDraft, model: g.ChooseNode, parts: Parts) -> p.ChooseWork:
    labels = [case.label for case in model.choose]
    cases: list[p.ChooseCase] = []
    for index, case in enumerate(model.choose):
        place = (*node.place, "choose", index)
        if (wrong := wrong_label(case.label)) is not None:
            parts.problem((*place, "label"), *wrong)
        elif case.label in labels[:index]:
            parts.problem((*place, "label"), f"`{case.label}` is there twice", "join the two conditions with `||`")
        when = None
        if case.when is not None:
            when = parts.compiler.condition(case.when, Spot(node.scope, node), (*place, "when"))
        elif index < len(labels) - 1:
            parts.problem(place, f"`{case.label}` always holds, so what comes after it is never tried", "put it last")
        cases.append(p.ChooseCase(case.label, when))
    if model.choose[-1].when is not None:
        message = f"if none of the cases of `{node.name}` holds, it fails"
        parts.warn((*node.place, "choose", len(labels) - 1), message, "end with a case that has no `when`")
    return p.ChooseWork(tuple(cases))


# --- labels ----------------------------------------------------------------------------------------------------------


def labels_of(node: NodeDraft, parts: Parts) -> frozenset[str] | None:
    """The labels with which a node can end; None if that cannot be known."""
    if node.is_broken:
        return None
    match node.model:
        case g.ToolNode(tool=tool):
            contract = parts.tools.get(tool)
            return frozenset(contract.labels) if contract and contract.labels else None
        case g.AgentNode(agent=agent):
            contract = parts.agents.get(agent)
            return frozenset(contract.labels) if contract else None
        case g.HumanNode() as model:
            return frozenset([*model.choices, TIMED_OUT] if model.otherwise else model.choices)
        case g.ChooseNode() as model:
            return frozenset(case.label for case in model.choose)
        case g.LoopNode(at_max="accept"):
            return frozenset({CAPPED})
        case g.EachNode():
            return frozenset({COMPLETED})
        case _:
            return frozenset()
