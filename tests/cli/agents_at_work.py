"""A project in which agents work: one lets another agent and a graph work, on a scripted model that has a price."""

from __future__ import annotations

from tests.cli.command_line import CommandLine

SETTINGS = """\
[models.providers.script]
kind = "scripted"

[models.pools.default]
models = [{model = "script/any", price = {input = "2.50", output = "10"}}]
"""
TOOLS = '''\
from interlock import tool


@tool(effect="read", usd="0.01")
def look() -> int:
    """See the number."""
    return 42
'''
BOSS = """\
agent: boss
description: Lets others do it.
output: {number: integer}
prompt: You let others work.
tools: ["agent:fixer", "graph:adding"]
"""
FIXER = """\
agent: fixer
description: Finds a number.
input: {target: integer}
output: {number: integer}
prompt: You look for a number.
tools: [look]
"""
BOSS_SAYS = """\
agent: boss
turns:
  - calls: [{tool: "agent:fixer", arguments: {target: 42}}, {tool: "graph:adding", arguments: {a: 1, b: 2}}]
  - answer: {number: 42}
"""
FIXER_SAYS = """\
agent: fixer
turns:
  - calls: [{tool: look}]
  - answer: {number: 42}
"""


def write_agents(interlock: CommandLine) -> None:
    """Write the project: its graph `lead` has one node of that name, in which the agent `boss` works."""
    interlock.write("interlock.toml", SETTINGS)
    interlock.write("tools/numbers.py", TOOLS)
    interlock.write("agents/boss.yaml", BOSS)
    interlock.write("agents/fixer.yaml", FIXER)
    interlock.write("models/boss.yaml", BOSS_SAYS)
    interlock.write("models/fixer.yaml", FIXER_SAYS)
    interlock.graph(
        "adding",
        'see: {tool: look}\nsum: {value: "${inputs.a + inputs.b}", after: see}',
        inputs="{a: integer, b: integer}",
    )
    interlock.graph("lead", "lead: {agent: boss, input: {}}", outputs='{number: "${lead.number}"}')
