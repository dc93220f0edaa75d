"""The parts of pages that the code itself writes: tables of keys, commands, settings and events, and lifecycles.

A page marks where such a part stands; `make fix` writes all of them anew, and a test says when that has to be done.
What a page says around them is written by people.

    <!-- generated: keys of tool -->
    …
    <!-- end of generated -->
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from interlock.agents.contracts import written as a
from interlock.api.app import document
from interlock.core import graph as g
from interlock.core.compiling.spellings import EdgeSpec
from interlock.core.graph import graph_schema
from interlock.core.graph_triggers import CronTrigger, EventTrigger
from interlock.governance import policy_document as p
from interlock.governance import policy_schema
from interlock.models import declaring as m
from interlock.models.scripted import script as sc
from interlock.webhooks.declaring import WebhookSettings
from tests.docs.area_table import area_table
from tests.docs.built_in_agent_table import built_in_agent_table
from tests.docs.command_reference import command_section
from tests.docs.event_table import event_table
from tests.docs.factor_table import factor_table
from tests.docs.key_tables import key_table
from tests.docs.lifecycle_diagrams import node_lifecycle, run_lifecycle
from tests.docs.page import ROOT, pages
from tests.docs.route_table import route_tables
from tests.docs.setting_table import setting_table
from tests.docs.tool_table import standard_tool_table

EDITOR_SCHEMA: Final = ROOT / "docs" / "graph.schema.json"
POLICY_SCHEMA: Final = ROOT / "docs" / "policy.schema.json"
OPENAPI: Final = ROOT / "sdk" / "typescript" / "openapi.json"
GOVERNANCE: Final = ROOT / "src" / "interlock" / "governance"
_PART: Final = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[^>]+?) -->\n).*?(?P<end><!-- end of generated -->)", re.DOTALL
)


def default_rules() -> str:
    """The default set and the standing rules, as they are shipped."""
    files = (GOVERNANCE / "default_policy.yaml", GOVERNANCE / "standing_policy.yaml")
    return "\n\n".join(f"```yaml\n{file.read_text(encoding='utf-8').rstrip()}\n```" for file in files)


_PARTS: Final[Mapping[str, Callable[[], str]]] = MappingProxyType(
    {
        "keys of a graph": lambda: key_table(g.Graph),
        "keys of every node": lambda: key_table(g.AnyKind),
        "keys of an edge": lambda: key_table(EdgeSpec),
        "keys of retry": lambda: key_table(g.RetrySpec),
        "keys of undo": lambda: key_table(g.UndoSpec),
        "keys of a graph's budget": lambda: key_table(g.GraphBudget),
        "keys of a node's budget": lambda: key_table(g.NodeBudget),
        "keys of a wait for an event": lambda: key_table(g.WaitForEvent),
        "keys of a cron trigger": lambda: key_table(CronTrigger),
        "keys of an event trigger": lambda: key_table(EventTrigger),
        "keys of a policy": lambda: key_table(p.PolicyDocument),
        "keys of a rule": lambda: key_table(p.RuleSpec),
        "keys of who": lambda: key_table(p.Who),
        "keys of an argument": lambda: key_table(p.ArgumentBounds),
        "keys of an agent": lambda: key_table(a.WrittenAgent),
        "keys of an agent's limits": lambda: key_table(a.LimitsSpec),
        "keys of an agent's model": lambda: key_table(a.ModelSpec),
        "keys of an agent's context": lambda: key_table(a.ContextSpec),
        "keys of a section": lambda: key_table(a.SectionSpec),
        "keys of a prefetch": lambda: key_table(a.PrefetchSpec),
        "keys of a provider": lambda: key_table(m.ProviderSettings),
        "keys of a pool": lambda: key_table(m.PoolSettings),
        "keys of a model": lambda: key_table(m.PooledModelSettings),
        "keys of a price": lambda: key_table(m.PriceSettings),
        "keys of a script": lambda: key_table(sc.Script),
        "keys of a turn": lambda: key_table(sc.Turn),
        "keys of a rule's conditions": lambda: key_table(sc.When),
        "keys of an error": lambda: key_table(sc.WrittenError),
        "keys of a webhook": lambda: key_table(WebhookSettings),
        "default policy": default_rules,
        "lifecycle of a run": run_lifecycle,
        "lifecycle of a node": node_lifecycle,
        "events": event_table,
        "settings": setting_table,
        "areas of scopes": area_table,
        "routes": route_tables,
        "standard tools": standard_tool_table,
        "built-in agents": built_in_agent_table,
        "factors": factor_table,
    }
)


def part(name: str) -> str:
    """What stands at a mark."""
    word, _, rest = name.partition(" ")
    if name in _PARTS:
        return _PARTS[name]()
    if word == "command":
        return command_section(rest)
    return key_table(g.NODE_MODELS[name.removeprefix("keys of ")], besides=g.AnyKind)


def with_parts(text: str) -> str:
    """A page with everything that is generated as it should be."""
    return _PART.sub(lambda found: f"{found['begin']}\n{part(found['name'])}\n\n{found['end']}", text)


def editor_schema() -> str:
    """The JSON Schema of graphs for editors."""
    return json.dumps(graph_schema(), indent=2, ensure_ascii=False) + "\n"


def policy_editor_schema() -> str:
    """The JSON Schema of policies for editors."""
    return json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"


def openapi_document() -> str:
    """What the API takes and answers, from which the types of the TypeScript client are made."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def generated_files() -> Iterator[tuple[Path, str]]:
    """Every file in which something is generated, and what it should hold."""
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if _PART.search(text):
            yield page, with_parts(text)
    yield EDITOR_SCHEMA, editor_schema()
    yield POLICY_SCHEMA, policy_editor_schema()
    yield OPENAPI, openapi_document()


if __name__ == "__main__":
    for file, text in generated_files():
        file.write_text(text, encoding="utf-8")
