"""Texts after a slip of the hand: what is left of a good graph gets an answer, and what is still good can be used."""

from __future__ import annotations

import re
from typing import cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlock.authoring.drawing.mermaid import as_mermaid
from interlock.authoring.drawing.picture import picture_of
from interlock.authoring.drawing.svg import as_svg
from interlock.authoring.drawing.terminal import as_lines
from interlock.authoring.errors import AuthoringError
from interlock.authoring.formatting import format_yaml
from interlock.authoring.report import problems_as_json, render_problems
from interlock.authoring.yaml_document import Document, read_document
from interlock.core import requests as r
from interlock.core.catalogue import Catalogue
from interlock.core.compile import Compiled, compile_graph
from interlock.core.compiling.json_data import JsonMap
from tests.stories.graphs import TOOLS
from tests.stories.story import Story

GOOD = """\
graph: good # a comment
language: 1
inputs: {pr: integer, items: list, note: "string?"}
on_failure: rollback
nodes:
  fetch:
    tool: work
    input: {pr: "${inputs.pr}", deep: [1, 2.5, "a ${inputs.pr}", null, true]}
    retry: {attempts: 3, backoff: 2s, on: [timeout, unavailable]}
    on_error: continue
    undo: {tool: unpay, timeout: 10s}
  size: {choose: [{label: big, when: "${inputs.pr > 10}"}, {label: small}]}
  on_big: {tool: pay, after: {size: {on: big}}, cancels: [pause]}
  quality: {gate: ["${inputs.pr > 1}"], otherwise: hold, timeout: 1h}
  ask: {human: "Release ${inputs.pr}?", after: quality, choices: [release, reject], otherwise: reject, timeout: 24h}
  pages: {each: "${inputs.items}", as: page, parallel: 4, do: {tool: work, input: {p: "${page}"}}}
  refine:
    loop:
      draft: {value: '${round.last.?draft.orValue(0) + 1}'}
    until: "${draft > 2}"
    max: 3
    at_max: accept
  best: {fuse: best_of, from: [fetch, refine], by: "${1}", join: {quorum: 1}, cancel_rest: true}
  pause: {wait: 10m, after: [fetch, refine], join: any}
  merged: {wait: {event: pr.merged, match: {pr: "${inputs.pr}"}, early: drop}}
outputs: {text: '${fetch.?text.orValue("")}'}
finally:
  report: {tool: work, input: {status: "${run.status}"}}
"""
WORDS = re.findall(r"\w+|[ ]+|\n|.", GOOD)
ODD = [
    "\t",
    "\n",
    "  ",
    "-",
    "|",
    ">",
    "&a",
    "*a",
    "!!str",
    "<<",
    "?",
    "~",
    "\x00",
    "\ud7ff",
    "é",
    "${",
    "}",
    "1e999",
    "0x1",
]


@st.composite
def slips(draw: st.DrawFn) -> str:
    """The good graph with a few words taken out, put in or exchanged for others of it."""
    words = list(WORDS)
    for at in draw(st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=3)):
        words[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS + ODD), max_size=2))
    return "".join(words)


def compiled(document: Document) -> Compiled:
    """What comes of a document, as far as it could be read."""
    catalogue = Catalogue({tool.name: tool for tool in TOOLS})
    return compile_graph(cast("JsonMap", document.data or {}), catalogue)


def meaning_of(text: str) -> str | None:
    """What the text means; nothing where something is wrong with it."""
    document = read_document(text)
    plan = compiled(document).plan
    return plan.graph_hash if plan is not None and not document.problems else None


def formatted(text: str) -> str:
    """The text in its one layout; as it is where it has none."""
    try:
        return format_yaml(text)
    except AuthoringError:
        return text


quick = settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])


def test_the_graph_before_any_slip_is_good() -> None:
    """Otherwise nothing below would reach beyond the first mistake."""
    assert meaning_of(GOOD) is not None


@given(slips())
@quick
def test_every_slip_is_answered_at_a_line_that_is_there(text: str) -> None:
    """Who mistypes wants to see the line; a traceback, or a line beyond the last, would send them to us."""
    document = read_document(text)
    found = compiled(document)
    problems = (*document.problems, *found.problems)

    told = problems_as_json(problems, document)

    assert (found.plan is None) == bool(found.errors)
    assert bool(render_problems(problems, document)) == bool(problems)
    assert [each for each in told if not 1 <= each["line"] <= len(document.lines)] == []


@given(slips())
@quick
def test_formatting_keeps_the_meaning_that_a_slip_has_left(text: str) -> None:
    """It runs on every save, also in the middle of an edit: it may do nothing, but never harm."""
    once = formatted(text)

    assert formatted(once) == once
    assert meaning_of(once) == meaning_of(text)


@given(slips())
@quick
def test_what_a_slip_has_left_good_can_be_drawn_and_run(text: str) -> None:
    """What the check lets pass must not fail later for what could have been told before."""
    plan = compiled(read_document(text)).plan or compiled(read_document(GOOD)).plan
    assert plan is not None

    picture, run = picture_of(plan), Story.of(plan)
    run.offers(r.StartRun(inputs={"pr": 11, "items": [1, 2]}))
    run.offers(r.CancelRun(rollback=True))

    assert list(as_lines(picture))
    assert as_mermaid(picture)
    assert as_svg(picture)
    assert run.told()[:1] in ([], ["run.started"])
