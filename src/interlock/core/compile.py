"""Compiling: from a document to the plan that the core runs, or to everything that is wrong with it, at once.

What is checked here can no longer go wrong in a run. The catalogue is data, so compiling calls no code, reads no file
and gives the same plan everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from interlock.core import graph as g
from interlock.core import plan as p
from interlock.core.bundle import Bundle, BundleProblem, Meaning, graph_hash, make_bundle, read_bundle
from interlock.core.catalogue import Catalogue
from interlock.core.compiling.assembling import assemble
from interlock.core.compiling.canonical_document import canonical_document
from interlock.core.compiling.documents import place_in
from interlock.core.compiling.references import Family, gather
from interlock.core.limits import PROBLEMS_MAX, Limits
from interlock.core.problems import Problem, shortened

__all__ = ["Catalogue", "Compiled", "Limits", "compile_graph", "open_bundle"]


class Compiled(Struct, frozen=True):
    """What came of compiling. With an error among the problems there is no plan and no bundle."""

    plan: p.Plan | None
    bundle: Bundle | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What has to be mended."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What will surprise."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")


def compile_graph(document: Mapping[str, Any], catalogue: Catalogue, *, limits: Limits | None = None) -> Compiled:
    """The plan and bundle of a graph, or all its problems. Never raises for what a document holds."""
    family = gather(document, catalogue, limits or Limits())
    if not isinstance(family, Family):
        return _compiled(document, None, None, family)
    assembled = assemble(family, catalogue, limits or Limits())
    if family.has_errors:
        # No warnings now: where something is wrong, one may be about what is wrong.
        return _compiled(document, None, None, family.errors())
    models = {name: draft.model for name, draft in family.named.items()}
    graphs = {name: canonical_document(model) for name, model in models.items()}
    meaning = Meaning(canonical_document(family.root.model), graphs)
    bundle = make_bundle(meaning, assembled.tools.values(), assembled.agents.values())
    plan = p.Plan(
        name=family.root.model.graph,
        graph_hash=graph_hash(meaning),
        bundle_hash=bundle.hash,
        language=p.LANGUAGE,
        scopes=assembled.scopes,
        tools=assembled.tools,
        secrets=_secrets(family.root.model, models),
        triggers=assembled.triggers,
        agents=assembled.agents,
        called_graphs=assembled.called_graphs,
    )
    return _compiled(document, plan, bundle, family.warnings())


def open_bundle(data: bytes) -> p.Plan:
    """The plan of a bundle: the very one that its graph was compiled to, in whatever process."""
    content = read_bundle(data)
    # Limits keep people from writing graphs that are too large; what a run is pinned to was accepted once.
    limits = Limits(nodes_max=2**31, unfolded_max=2**62, depth_max=2**31, expressions_max=2**31, reach_max=2**31)
    compiled = compile_graph(content.document, Catalogue(content.tools, content.graphs, content.agents), limits=limits)
    if compiled.plan is None:
        told = "; ".join(problem.message for problem in compiled.errors[:3])
        raise BundleProblem(f"the graph in the bundle does not compile in this release: {told}")
    return compiled.plan


def _compiled(
    document: Mapping[str, Any], plan: p.Plan | None, bundle: Bundle | None, problems: Iterable[Problem]
) -> Compiled:
    """Each problem at a place that is really there and short enough to be read; what was told twice is told once."""
    placed = tuple(dict.fromkeys(shortened(place_in(document, problem)) for problem in problems))
    if len(placed) > PROBLEMS_MAX:
        more = f"there is more: only the first {PROBLEMS_MAX} problems are told"
        placed = (
            *placed[:PROBLEMS_MAX],
            Problem(place=(), message=more, advice="mend these first", severity=placed[0].severity),
        )
    return Compiled(plan, bundle, placed)


def _secrets(model: g.Graph, graphs: Mapping[str, g.Graph]) -> tuple[str, ...]:
    return tuple(sorted({name for graph in (model, *graphs.values()) for name in graph.secrets}))
