"""What the policy in force says before a node moves (its edges), calls something, or a gate lets pass.

Where nobody is to be asked (a core that is run by itself, a log from before there were policies) nothing is recorded.
An approval binds to the run, the node, what it is called with and the policy that asked for it: under another policy
the call is judged anew.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from interlock.core import events as e
from interlock.core import plan as p
from interlock.core.agent_contract import AGENT_TOOL
from interlock.core.deciding.in_hand import Deciding
from interlock.core.state import Waiting
from interlock.core.values import Value, digest_of
from interlock.core.verdicts import Movement, Verdict

POLICY: Final = "policy"
"""The point of a decision that a policy has made."""
APPROVE: Final = "approve"
DENY: Final = "deny"
NO_TERMS: Final = p.ToolTerms()


class Passing(Struct, frozen=True, gc=False):
    """By which rules one movement was allowed so far; `approved`: by a person, as the last of them asked for."""

    edges: Verdict | None = None
    call: Verdict | None = None
    approved: bool = False

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules, in the order in which they were asked."""
        if self.edges is None:
            return () if self.call is None else (self.call.rule,)
        return (self.edges.rule,) if self.call is None else (self.edges.rule, self.call.rule)


UNASKED: Final = Passing()


def pass_edges(on: Deciding, because: tuple[str, ...]) -> Passing | e.Command:
    """Whether the node may be come to from where it is come from."""
    if on.judge is None:
        return UNASKED
    node = on.node
    verdict = on.judge(
        Movement(
            point="edge",
            name=node.name,
            tenant=on.state.tenant,
            graph=on.plan.name,
            run=on.state.run,
            path=on.path,
            sources=because or node.sources,
        )
    )
    if verdict is None or verdict.verdict == "allow":
        return UNASKED if verdict is None else Passing(verdict)
    return _stopped(on, (("edge", verdict),), f"going on to {on.path}")


def pass_call(on: Deciding, input: Value, passing: Passing) -> Passing | e.Command:
    """Whether a node may make its call. A person's approval counts for the very call, under the policy that asked."""
    verdict = None if on.judge is None else on.judge(_call(on, input))
    if verdict is None or verdict.verdict == "allow":
        return passing if verdict is None else Passing(passing.edges, verdict)
    live = on.live
    if verdict.verdict == "ask" and isinstance(live, Waiting) and live.reason == "approval":
        was_asked_by = live.decision.digest if live.decision else ""
        if live.given == APPROVE and was_asked_by == verdict.policy:
            return Passing(passing.edges, verdict, approved=True)
    before = () if passing.edges is None else (("edge", passing.edges),)
    return _stopped(on, (*before, ("tool", verdict)), f"the call of {_called(on)}", input=input)


def _call(on: Deciding, input: Value) -> Movement:
    work = on.node.work
    if isinstance(work, p.ToolWork):
        contract = on.plan.tools[work.tool]
        terms, effect, name = contract.terms or NO_TERMS, contract.effect, work.tool
    else:
        terms, effect, name = NO_TERMS, "read", _called(on)
    return Movement(
        point="tool",
        name=name,
        tenant=on.state.tenant,
        graph=on.plan.name,
        run=on.state.run,
        path=on.path,
        effect=effect,
        risk=terms.risk,
        permissions=terms.permissions,
        arguments=input,
        policies=on.plan.agents[work.agent].policies if isinstance(work, p.AgentWork) else (),
    )


def _called(on: Deciding) -> str:
    match on.node.work:
        case p.ToolWork(tool=name):
            return name
        case p.AgentWork(agent=name):
            return f"{AGENT_TOOL}{name}"
        case _:
            return on.node.name


def judge_gate(on: Deciding) -> Verdict | None:
    """What the policy says of a gate that would let pass."""
    if on.judge is None:
        return None
    return on.judge(
        Movement(
            point="gate",
            name=on.node.name,
            tenant=on.state.tenant,
            graph=on.plan.name,
            run=on.state.run,
            path=on.path,
        )
    )


def _stopped(on: Deciding, said: tuple[tuple[str, Verdict], ...], what: str, *, input: Value = None) -> e.Command:
    """The policy does not allow it, or wants a person to: that was the last that it said."""
    _, verdict = said[-1]
    options = tuple(e.Option(point, each.verdict, each.rule) for point, each in said)
    decision = e.Decision(POLICY, verdict.verdict, options, verdict.why, verdict.rule, verdict.policy)
    if verdict.verdict == "ask":
        why = f" ({verdict.why})" if verdict.why else ""
        question = e.Question(f"May {what} go ahead?{why}", (APPROVE, DENY))
        digest = digest_of([_called(on), input])
        return on.command(e.NodeWaiting("approval", question=question, decision=decision, input=input, digest=digest))
    why = f": {verdict.why}" if verdict.why else ""
    refused = e.Error("refused", f"the policy does not allow {what} (rule {verdict.rule}){why}", on.path)
    return on.failed(refused, decision)


def with_rules(on: Deciding, command: e.Command, passing: Passing) -> e.Command:
    """A command with the rules that allowed it on record; the policy's digest only where it is another than before."""
    body = command.body
    if passing.edges is None or not isinstance(body, e.NodeOpened | e.NodeWaiting | e.NodeSucceeded):
        return command
    return e.Command(
        command.path, structs.replace(body, rules=passing.rules, policy=policy_told(on, passing)), command.cause
    )


def policy_told(on: Deciding, passing: Passing) -> str:
    """The digest of the policy in force, if the run has not been told it yet."""
    last = passing.call or passing.edges
    return "" if last is None or last.policy == on.state.policy else last.policy
