"""`interlock conformance GRAPH`: whether a graph keeps to the twelve factors, and to pre-fetching."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from interlock.cli.failures import ExitCode
from interlock.cli.options import AsJson, GraphArgument, Tools

if TYPE_CHECKING:
    from interlock.engine.conformance.factors import Finding

EVIDENCE_SHOWN_MAX: Final = 4

_MARKS: Final = {"holds": ("✓", "green"), "broken": ("✗", "red"), "not applicable": ("-", "dim")}


def conformance(graph: GraphArgument, *, tools: Tools = None, as_json: AsJson = False) -> int:
    """Check the twelve factors of 12-factor agents, and pre-fetching: what was looked at, what was seen, what to do.

    The graph and its agents are rehearsed with made-up values, here and in other processes: no model is asked and no
    tool is called.
    """
    from interlock.cli.conforming_elsewhere import done_elsewhere, subject_of
    from interlock.engine.conformance.checking import check_conformance

    named = list(tools or [])
    subject = subject_of(graph, named)
    findings = check_conformance(subject, lambda moved: done_elsewhere(graph, named, moved))
    is_broken = any(finding.verdict == "broken" for finding in findings)
    if as_json:
        _print_as_json(subject.plan.name, subject.plan.graph_hash, findings, conforms=not is_broken)
    else:
        _print(findings)
    return ExitCode.NOT_SUCCEEDED if is_broken else ExitCode.SUCCEEDED


def _print(findings: Sequence[Finding]) -> None:
    from interlock.cli.output import console, plain
    from interlock.engine.conformance.factors import FACTORS

    out = console()
    names = {factor.number: factor.name for factor in FACTORS}
    for finding in findings:
        mark, style = _MARKS[finding.verdict]
        out.print(mark, style=style, end=" ")
        out.print(f"{finding.factor:>2} {names[finding.factor]}: {finding.verdict}", markup=False, soft_wrap=True)
        for told in _shown(finding):
            style = "" if finding.verdict == "broken" else "dim"
            out.print(plain(f"     {told}"), style=style, markup=False, soft_wrap=True)
        if finding.advice:
            out.print(plain(f"     → {finding.advice}"), markup=False, soft_wrap=True)
    broken = [finding.factor for finding in findings if finding.verdict == "broken"]
    told = f"{len(broken)} broken: {', '.join(map(str, broken))}" if broken else "nothing is broken"
    out.print(told, style="red" if broken else "green", markup=False)


def _shown(finding: Finding) -> Sequence[str]:
    """All that is wrong; of what is right, enough to see what was looked at."""
    more = len(finding.evidence) - EVIDENCE_SHOWN_MAX
    if finding.verdict == "broken" or more <= 0:
        return finding.evidence
    return (*finding.evidence[:EVIDENCE_SHOWN_MAX], f"and {more} more: see --json")


def _print_as_json(graph: str, graph_hash: str, findings: Sequence[Finding], *, conforms: bool) -> None:
    from interlock.cli.output import print_json
    from interlock.engine.conformance.factors import FACTORS

    factors = {factor.number: factor for factor in FACTORS}

    def told(finding: Finding) -> dict[str, Any]:
        factor = factors[finding.factor]
        return {
            "factor": finding.factor,
            "name": factor.name,
            "verdict": finding.verdict,
            "evidence": list(finding.evidence),
            "advice": finding.advice,
            "inspected": factor.inspected,
            "unseen": factor.unseen,
        }

    print_json({"graph": graph, "hash": graph_hash, "conforms": conforms, "factors": [told(each) for each in findings]})
