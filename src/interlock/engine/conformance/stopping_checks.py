"""The factors that are about what stops an agent, and whom it can ask: 4 and 7. Judged by the policy in force."""

from __future__ import annotations

from interlock.core.agent_contract import AgentContract
from interlock.core.plan import HumanWork
from interlock.engine.conformance.factors import Finding
from interlock.engine.conformance.judged import NO_AGENTS, counted, judged, not_applicable
from interlock.engine.conformance.looked_at import LookedAt
from interlock.engine.conformance.subject import Subject, is_lasting, is_risky


def structured_outputs(seen: LookedAt) -> Finding:
    """Between what a model selects and what is done stands the policy: no risky call is made because a text said so."""
    subject = seen.subject
    if not subject.contracts:
        return not_applicable(4, NO_AGENTS)
    wrong: list[str] = []
    right: list[str] = []
    for contract in subject.contracts:
        for tool in filter(is_risky, subject.tools_of(contract)):
            verdict = subject.verdict(contract, tool, tainted=True)
            said = f"`{tool.name}`, asked for by `{contract.name}` after it has read untrusted text"
            if verdict.verdict == "allow":
                wrong.append(f"{said}, is allowed without a person (rule {verdict.rule})")
            else:
                word = "asks a person" if verdict.verdict == "ask" else "is denied"
                right.append(f"{said}: {word} (rule {verdict.rule})")
    names = {tool.name for contract in subject.contracts for tool in subject.tools_of(contract)}
    none = f"none of the {counted(len(names), 'tool')} that agents may call is risky"
    advice = "let the policy ask where `risk_at_least: high` and `tainted: true`, as the standing rule does"
    return judged(4, wrong=wrong, right=right or [none], advice=advice)


def contact_with_people(seen: LookedAt) -> Finding:
    """Who may do something lasting can ask a person, or somebody asks one for it."""
    subject = seen.subject
    people = [node.name for _, node in subject.nodes() if isinstance(node.work, HumanWork)]
    if not subject.contracts and not people:
        return not_applicable(7, "neither an agent nor a person takes part in this graph")
    wrong: list[str] = []
    right = [f"the graph asks a person: {', '.join(people)}"] if people else []
    for contract in subject.contracts:
        if way := way_to_people(subject, contract):
            right.append(f"`{contract.name}`: {way}")
            continue
        unasked = [
            tool.name
            for tool in filter(is_lasting, subject.tools_of(contract))
            if subject.verdict(contract, tool, tainted=False).verdict == "allow"
        ]
        if unasked and not people:
            wrong.append(f"`{contract.name}` may call {', '.join(unasked)}, and nobody can be asked about it")
        elif not unasked:
            right.append(f"`{contract.name}` may call nothing lasting that nobody is asked about")
    advice = "add `request_human_input` to its tools, a rule that asks, or a `human` node before it"
    return judged(7, wrong=wrong, right=right, advice=advice)


def way_to_people(subject: Subject, contract: AgentContract) -> str:
    """How a person comes to be asked while an agent works; nothing if none can."""
    if "request_human_input" in contract.tools:
        return "may ask a person itself"
    if contract.on_limit == "ask":
        return "asks a person at its limits"
    asked = [
        tool.name
        for tool in subject.tools_of(contract)
        if subject.verdict(contract, tool, tainted=True).verdict == "ask"
    ]
    return f"the policy asks a person about {', '.join(asked)}" if asked else ""
