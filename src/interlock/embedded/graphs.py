"""The graphs that an `Interlock` knows, and a graph as it is given: a file, a name, a document, or one built in Python.

Files are read when they are needed, and read again each time, so that a graph that was edited is run as it is now.
Nothing is executed here.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace

from interlock.agents.collecting import Agents
from interlock.authoring.dialects.policies import NONE_IN_FORCE, PoliciesInForce
from interlock.authoring.dialects.reading import Reading
from interlock.authoring.dialects.recognising import graph_name_in, misnamed_graph, read_graph
from interlock.authoring.limits import Limits as DocumentLimits
from interlock.authoring.report import Subject, render_problems
from interlock.authoring.single_step import AGENT, graph_of_agent, graph_of_tool, is_single_step
from interlock.authoring.yaml_document import Document, read_document
from interlock.core.bundle import Bundle
from interlock.core.catalogue import Catalogue, WhyNot
from interlock.core.compile import Compiled, compile_graph
from interlock.core.limits import Limits as GraphLimits
from interlock.core.plan import Plan, ToolContract
from interlock.core.problems import Problem
from interlock.embedded.checked_before import CheckedBefore
from interlock.embedded.errors import (
    InvalidGraphError,
    UnknownGraphError,
    UnknownStepError,
    UnreadableGraphError,
)
from interlock.embedded.foreign_graphs import AsOurs
from interlock.embedded.graph_folder import (
    GRAPH_SUFFIXES,
    GraphFolder,
    GraphsBehind,
    KnownGraph,
    described,
    read_graph_file,
)
from interlock.embedded.loaded_graphs import LoadedGraphs
from interlock.embedded.time_zones import KnownZones


@runtime_checkable
class BuiltGraph(Protocol):
    """A graph that was built in Python."""

    def document(self) -> Mapping[str, Any]:
        """The graph as a document: the same that a file would hold."""
        ...


GraphShelf: TypeAlias = Path | Mapping[str, Mapping[str, Any] | BuiltGraph]
"""Where graphs are known by name: a folder of files, or documents by name."""


class Named(Struct, frozen=True):
    """A graph that is known by this name, and never a file: for names that come from outside."""

    name: str
    version: int | None = None


class CheckedGraph(Struct, frozen=True):
    """A graph with everything that is known of it. Without a plan it has errors."""

    name: str
    compiled: Compiled
    problems: tuple[Problem, ...]
    """Those of its text and those of its meaning."""
    subject: Subject
    ours: Mapping[str, Any] | None = None
    """The graph of ours that it means, where it was written for another system."""

    @property
    def is_valid(self) -> bool:
        """Whether it can be run."""
        return self.compiled.plan is not None and not self.errors

    @property
    def errors(self) -> int:
        """How much of it has to be mended."""
        return sum(problem.severity == "error" for problem in self.problems)

    @property
    def text(self) -> str | None:
        """How it was written, where it was."""
        return self.subject.lines.text if isinstance(self.subject, Document) else None

    @property
    def description(self) -> str:
        """What it says that it is for."""
        return described(self.subject.data) if isinstance(self.subject, Document) else ""

    def rendered(self) -> str:
        """The problems as people read them."""
        return render_problems(self.problems, self.subject)

    def accepted(self) -> tuple[Plan, Bundle]:
        """What can be run, or `InvalidGraphError`."""
        if not self.is_valid or self.compiled.plan is None or self.compiled.bundle is None:
            raise InvalidGraphError(self.name, self.problems, rendered=self.rendered(), subject=self.subject)
        return self.compiled.plan, self.compiled.bundle


class ReadGraphs(Struct, frozen=True):
    """Everything that is known by name, as it was read."""

    own: Mapping[str, Mapping[str, Any]]
    packaged: GraphFolder
    known: Mapping[str, KnownGraph]
    """The project's own, then those that come along."""


GraphSource: TypeAlias = str | Path | Mapping[str, Any] | BuiltGraph | CheckedGraph | Named
"""A file, the name of a known graph (`agent:NAME` and `tool:NAME` are graphs of one step), a document, one built in
Python; or one that was checked, to be run many times."""


class Graphs:
    """Graphs by name, and how any given graph is checked beside them."""

    def __init__(
        self,
        shelf: GraphShelf | GraphFolder | None,
        tools: Mapping[str, ToolContract],
        agents: Agents,
        *,
        pools: Mapping[str, str],
        kept_away: WhyNot,
        document_limits: DocumentLimits,
        graph_limits: GraphLimits,
        packaged: Path | None = None,
        policies: Callable[[], PoliciesInForce] = lambda: NONE_IN_FORCE,
    ) -> None:
        """`packaged` is the folder of graphs that come along: each is known unless the shelf has one of its name.

        `policies` gives those that are in force by now.
        """
        self._shelf = shelf
        self._tools = tools
        self._agents = agents
        self._pools = pools
        self._kept_away = kept_away
        self._document_limits = document_limits
        self._graph_limits = graph_limits
        self._packaged = packaged
        self._policies = policies
        self._before = CheckedBefore[CheckedGraph](shelf) if isinstance(shelf, Path) else None
        self._read_before = CheckedBefore[ReadGraphs](shelf) if isinstance(shelf, Path) else None

    def check(self, source: GraphSource) -> CheckedGraph:
        """A graph with all its problems. Raises only if there is no such graph or file."""
        if isinstance(source, CheckedGraph):
            return source
        if isinstance(source, BuiltGraph):
            return self._compile(source.document(), None, self._shelf)
        if isinstance(source, Mapping):
            return self._compile(source, None, self._shelf)
        if isinstance(source, Named):
            return self._named_as_it_is_now(source.name)
        if is_graph_name(source):
            return self._named_as_it_is_now(str(source))
        path = Path(source)
        # Without a folder of graphs, those that a graph names are looked for beside it.
        return self._read(path, self._shelf if self._shelf is not None else path.parent)

    def read(self, text: str, *, source: str) -> Document:
        """A text as a document. `source` is what its problems call it."""
        return read_document(text, source=source, limits=self._document_limits)

    def check_given(
        self, given: Document | Mapping[str, Any], loaded: LoadedGraphs, *, name: str | None = None
    ) -> CheckedGraph:
        """A graph that stands nowhere. What it names is looked for among what was loaded before all that is known.

        With a `name` it is a problem if it is called otherwise.
        """
        data: Mapping[str, Any] = (given.data or {}) if isinstance(given, Document) else given
        checked = self._compile(data, given if isinstance(given, Document) else None, self._shelf, loaded)
        misnamed = None if name is None else misnamed_graph(data, name)
        return checked if misnamed is None else replace(checked, problems=(*checked.problems, misnamed))

    def check_each(self, sources: Iterable[GraphSource]) -> list[CheckedGraph]:
        """Several graphs with all their problems; one that is not there has that as its problem.

        A folder of graphs is read once for all of them.
        """
        as_it_is_now = Graphs(
            GraphFolder(self._shelf, self._document_limits) if isinstance(self._shelf, Path) else self._shelf,
            self._tools,
            self._agents,
            pools=self._pools,
            kept_away=self._kept_away,
            document_limits=self._document_limits,
            graph_limits=self._graph_limits,
            packaged=self._packaged,
            policies=self._policies,
        )
        return [as_it_is_now._check_if_there(source) for source in sources]

    def under(self, policies: Callable[[], PoliciesInForce]) -> Graphs:
        """The same graphs, where other policies are in force."""
        other = copy.copy(self)
        other._policies = policies  # noqa: SLF001 - it is one of our own
        return other

    def names(self) -> list[str]:
        """The names of the project's own graphs."""
        return sorted(self._by_name(self._shelf))

    def known(self) -> list[KnownGraph]:
        """All known graphs by their names: the project's own, then those that come along. None is compiled."""
        return list(self.all_read().known.values())

    def all_read(self) -> ReadGraphs:
        """Everything that is known by name. A folder is read again only when a file of it has changed."""
        if self._read_before is None:
            return self._read_all()
        return self._read_before.get("", self._read_all, also=None)

    def _read_all(self) -> ReadGraphs:
        own, packaged = self._by_name(self._shelf), self._packaged_by_name()
        if isinstance(own, GraphFolder):
            of_project = own.known()
        else:
            of_project = [KnownGraph(name=name, description=described(own[name]), place="code") for name in sorted(own)]
        known = {each.name: each for each in of_project}
        along = {each.name: each for each in packaged.known(is_packaged=True) if each.name not in known}
        return ReadGraphs(own, packaged, known | along)

    def _all_documents(self) -> Mapping[str, Mapping[str, Any]]:
        read = self.all_read()
        return GraphsBehind(read.own, read.packaged)

    def _check_if_there(self, source: GraphSource) -> CheckedGraph:
        try:
            return self.check(source)
        except (UnknownGraphError, UnreadableGraphError) as missing:
            problems = (Problem(place=(), message=str(missing)),)
            return CheckedGraph(str(source), Compiled(None, None, problems), problems, str(source))

    def _named_as_it_is_now(self, name: str) -> CheckedGraph:
        if self._before is None:
            return self._named(name)
        self._agents.renew()  # as graphs are, agents are read again each time
        also = (self._agents.fingerprint, self._policies().as_key())
        return self._before.get(name, lambda: self._named(name), also=also)

    def _named(self, name: str) -> CheckedGraph:
        if is_single_step(name):
            return self._single_step(name)
        known = self._by_name(self._shelf)
        if isinstance(known, GraphFolder) and (found := known.find(name)) is not None:
            return self._compile(found.data or {}, found, known)
        if isinstance(self._shelf, Mapping) and name in self._shelf:
            return self.check(self._shelf[name])
        packaged = self._packaged_by_name()
        if name not in known and (found := packaged.find(name)) is not None:
            return self._compile(found.data or {}, found, known)
        raise UnknownGraphError(name, known=[*known, *packaged])

    def _single_step(self, name: str) -> CheckedGraph:
        """The graph of an agent or a tool by itself."""
        kind, _, meant = name.partition(":")
        if f"{kind}:" == AGENT:
            self._agents.renew()
            agent = self._agents.find(meant)
            if agent is None:
                raise UnknownStepError(meant, known=self._agents.names(), what="agent")
            return self._compile(graph_of_agent(agent.contract), None, self._shelf)
        if meant not in self._tools and not self._kept_away(meant):
            raise UnknownStepError(meant, known=self._tools, what="tool")
        # Why a tool is kept away is told as in any graph that calls it.
        return self._compile(graph_of_tool(self._tools.get(meant) or ToolContract(name=meant)), None, self._shelf)

    def _read(self, path: Path, shelf: GraphShelf | GraphFolder | None) -> CheckedGraph:
        document = read_graph_file(path, self._document_limits)
        return self._compile(document.data or {}, document, shelf)

    def _compile(
        self,
        data: Mapping[str, Any],
        document: Document | None,
        shelf: GraphShelf | GraphFolder | None,
        loaded: LoadedGraphs | None = None,
    ) -> CheckedGraph:
        unread = document.problems if document else ()
        if document is not None and document.data is None:
            return CheckedGraph(document.source, Compiled(None, None, unread), unread, document)
        self._agents.renew()
        callees = self._callees()
        policies = self._policies()
        reading = read_graph(data, callees, policies=policies)
        if loaded is None:
            named: Mapping[str, Mapping[str, Any]] = GraphsBehind(self._by_name(shelf), self._packaged_by_name())
        else:
            named = loaded.before(self._all_documents)
        graphs = AsOurs(named, callees, policies)
        catalogue = Catalogue(
            self._tools,
            graphs,
            self._agents.contracts(),
            KnownZones(),
            pools=self._pools,
            kept_away=self._kept_away,
        )
        compiled = self._compiled(reading, catalogue, graphs)
        name = graph_name_in(data) or (document.source if document else "unnamed")
        ours = reading.graph if reading.dialect else None
        return CheckedGraph(name, compiled, (*unread, *compiled.problems), document or name, ours)

    def _callees(self) -> Catalogue:
        """What a document of another system may mean by the name of an agent: what the project has goes first."""
        contracts = self._agents.contracts()
        hidden = {name for name in self._tools if self._agents.comes_along(name)}
        if not hidden:
            return Catalogue(self._tools, agents=contracts)
        return Catalogue(self._tools, agents={name: contracts[name] for name in contracts if name not in hidden})

    def _compiled(self, reading: Reading, catalogue: Catalogue, graphs: AsOurs) -> Compiled:
        """What comes of a graph that was read, with its problems where somebody wrote what they are about."""
        if reading.graph is None:
            return Compiled(None, None, reading.problems)
        compiled = compile_graph(reading.graph, catalogue, limits=self._graph_limits)
        found = (*compiled.problems, *graphs.problems_in(reading.graph))
        problems = (*reading.problems, *map(reading.at_origin, found))
        return Compiled(compiled.plan, compiled.bundle, problems)

    def _packaged_by_name(self) -> GraphFolder:
        return GraphFolder(self._packaged, self._document_limits)

    def _by_name(self, shelf: GraphShelf | GraphFolder | None) -> Mapping[str, Mapping[str, Any]]:
        match shelf:
            case None:
                return {}
            case GraphFolder():
                return shelf
            case Path():
                return GraphFolder(shelf, self._document_limits)
            case _:
                return {name: _document_of(graph) for name, graph in shelf.items()}


def is_graph_name(source: GraphSource) -> bool:
    """Whether a graph is given by its bare name: it has no suffix and no slash, and no file is called so."""
    return isinstance(source, str) and not (source.endswith(GRAPH_SUFFIXES) or "/" in source or Path(source).is_file())


def _document_of(graph: Mapping[str, Any] | BuiltGraph) -> Mapping[str, Any]:
    return graph.document() if isinstance(graph, BuiltGraph) else graph
