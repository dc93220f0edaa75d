"""Reading contracts: YAML with prompts beside it, and every problem of it at its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from interlock.agents.contracts.reading import ReadContract, read_contract
from interlock.authoring.report import render_problems
from interlock.core.agent_contract import (
    AgentContract,
    AgentLimits,
    ContextProfile,
    ContextSection,
    ModelNeed,
    Prefetch,
)

FULL = """\
agent: planner
version: "3"
role: Plans
description: Plans a fix.
capabilities: [planning, estimates]
input: {pr: integer, note: "string?"}
output: {steps: list}
labels: [small]
prompt: planner.md
task: Plan {{ input.pr }}.
tools: [read_file, "agent:helper", "graph:build"]
limits: {steps: 12, errors: 2, usd: "0.50", tokens: 9000, calls: 30, latency: 2m}
on_limit: ask
repairs: 1
model:
  {pool: main, quality: balanced, safety: basic, usd_max: 0.1, latency_max: 5s, prefer: quality,
   temperature: 0, tokens_max: 9}
context:
  tokens: 8000
  turns_whole: 4
  sections:
    - {name: task, priority: 95}
    - {name: facts, source: prefetched, tokens: 500, select: "last:2", transform: [squeeze]}
  prefetch: {diff: {tool: read_file, input: {path: "${input.note}"}}}
memory: [long_term, session]
"""


def read(folder: Path, text: str, **files: str) -> ReadContract:
    """A contract with files beside it."""
    for name, content in files.items():
        (folder / name.replace("_md", ".md")).write_text(content, encoding="utf-8")
    (folder / "agent.yaml").write_text(text, encoding="utf-8")
    return read_contract(folder / "agent.yaml")


def told(found: ReadContract) -> str:
    """The problems as people read them, without the folder of the test."""
    return render_problems(found.problems, found.document).replace(f"{found.file.parent}/", "")


def test_a_contract_says_everything_that_an_agent_is(tmp_path: Path) -> None:
    """What is written is what is meant: each key arrives in the contract that a run is pinned to."""
    found = read(tmp_path, FULL, planner_md="You plan.\n")

    assert told(found) == ""
    assert found.contract == AgentContract(
        name="planner",
        version="3",
        role="Plans",
        description="Plans a fix.",
        capabilities=("estimates", "planning"),
        input={
            "type": "object",
            "properties": {"pr": {"type": "integer"}, "note": {"type": "string"}},
            "required": ["pr"],
            "additionalProperties": False,
        },
        output={
            "type": "object",
            "properties": {"steps": {"type": "array"}},
            "required": ["steps"],
            "additionalProperties": False,
        },
        labels=("small",),
        prompt="You plan.\n",
        task="Plan {{ input.pr }}.",
        tools=("read_file", "agent:helper", "graph:build"),
        limits=AgentLimits(steps=12, errors=2, usd=500_000, tokens=9_000, calls=30, latency=120_000_000),
        on_limit="ask",
        repairs=1,
        model=ModelNeed(
            pool="main",
            quality="balanced",
            safety="basic",
            usd_max=100_000,
            latency_max=5_000_000,
            prefer="quality",
            temperature=0.0,
            tokens_max=9,
        ),
        context=ContextProfile(
            tokens=8_000,
            turns_whole=4,
            sections=(
                ContextSection(name="task", source="task", priority=95),
                ContextSection(
                    name="facts", source="prefetched", tokens=500, select=("last:2",), transform=("squeeze",)
                ),
            ),
            prefetch=(Prefetch(name="diff", tool="read_file", input={"path": "${input.note}"}),),
        ),
        memory=("session", "long_term"),
    )


def test_all_problems_are_told_at_once_each_with_its_line_and_what_to_write(tmp_path: Path) -> None:
    """Whoever mends a contract wants to mend it once."""
    found = read(
        tmp_path,
        """\
agent: 9lives
promt: x
input: {pr: integr}
tools: [agnet:x, read_file, read_file, "agent:unnamed"]
limits: {stepz: 3, usd: lots}
labels: [succeeded]
context:
  sections: [{name: notez, select: ["lst:3", last]}]
  prefetch: {d: {tool: complete_task, input: {a: "${input.pq} ${output}"}}}
""",
    )

    assert [line for line in told(found).splitlines() if line.startswith("agent.yaml")] == [
        "agent.yaml:1:8: error: `agent` is no name: the text `9lives`",
        "agent.yaml:2:1: error: `promt` is not a key of an agent",
        "agent.yaml:3:13: error: `integr` is not a type",
        "agent.yaml:4:9: error: `agnet:x` names no tool, agent or graph",
        "agent.yaml:4:29: error: `read_file` is named twice",
        "agent.yaml:4:40: error: an agent cannot call itself",
        "agent.yaml:5:10: error: `stepz` is not a key of `limits`",
        "agent.yaml:5:25: error: 'lots' is no amount of US dollars: write `\"2.50\"`, with six decimals at most",
        "agent.yaml:6:9: error: `succeeded` is the name of an outcome",
        "agent.yaml:8:13: error: no section tells the model its task",
        "agent.yaml:8:21: error: `notez` is no source of a section",
        "agent.yaml:8:37: error: `lst:3` is not a selector: did you mean `last`?",
        "agent.yaml:8:46: error: `last` needs a number: write `last:3`",
        "agent.yaml:9:24: error: `complete_task` fetches nothing",
        "agent.yaml:9:51: error: the input has no field `pq`",
        "agent.yaml:9:63: error: `${output}` cannot be filled",
    ]


def test_a_problem_of_a_prompt_names_the_prompt_and_its_line(tmp_path: Path) -> None:
    """The prompt is where it has to be mended, and it is another file."""
    found = read(
        tmp_path, "agent: a\ninput: {bug: integer}\nprompt: a.md\n", a_md="Hello\n{{ input.bgu }}\n{{ 2 * 2 }}\n"
    )

    assert found.contract is None
    assert [each.message for each in found.problems] == [
        "a.md:3: `mul` may not stand in a prompt",
        "a.md:2: the input has no field `bgu`",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the document holds nothing"),
        ("- a\n", "the document is a list"),
        ("agent: a\nagent: b\nprompt: x\n", "`agent` is already a key of this map, in line 1"),
        ("agent: a\nprompt: [\n", ""),
        ("agent: a\nprompt: !!python/object:os.system x\n", ""),
        ("agent: null\nprompt: x\n", "`agent` is text, not nothing"),
        ("agent: a\n", "an agent needs `prompt`"),
        ("agent: a\nprompt: 7\n", "`prompt` is text, not the number 7"),
        ("agent: a\nprompt: missing.md\n", "the prompt `missing.md` cannot be read: there is no such file"),
        ("agent: a\nprompt: ../../etc/passwd.txt\n", "lies outside the folder of the contract"),
        ("agent: a\nprompt: x\nlimits: {steps: 0}\n", "`steps` is at least 1, not 0"),
        ("agent: a\nprompt: x\nlimits: {steps: 9999999}\n", "`steps` is at most 1000, not 9999999"),
        ("agent: a\nprompt: x\nlimits: 3\n", "`limits` is a map, not the number 3"),
        ("agent: a\nprompt: x\nmemory: forever\n", "`memory` is `session`, `long_term`, or a list of both"),
        ("agent: a\nprompt: x\nmemory: {a: {b: 1}}\n", "`memory` is `session`, `long_term`, or a list of both"),
        ("agent: a\nprompt: x\noutput: {a: {type: strin}}\n", "`strin` is not a type"),
        ("agent: a\nprompt: x\noutput: {a: {$ref: 'http://x/y'}}\n", ""),
        ("agent: a\nprompt: x\ncontext: {prefetch: {Bad Name: {tool: t}}}\n", "`Bad Name` is no name"),
        ("agent: a\nprompt: x\ntools: [1]\n", ""),
        ("agent: a\nprompt: x\ncontext: {sections: [{name: turns, source: input}]}\n", "would mislead"),
        ("agent: a\nprompt: x\ncontext: {sections: [{name: instructions, tokens: 9}]}\n", "stay as they are"),
        ("agent: a\nprompt: x\ncontext: {sections: [{name: turns}, {name: t, source: turns}]}\n", "only one section"),
        ("agent: a\nprompt: x\ncontext: {sections: [{name: task}, {name: task}]}\n", "two sections are called `task`"),
        ("agent: a\nprompt: x\non_limit: explode\n", "`on_limit` is one of stop, ask, not the text `explode`"),
        ("agent: " + "a" * 5_000 + "\nprompt: x\n", "`agent` is no name"),
        ("agent: a\nprompt: x\ndescription: &a [*a]\n", ""),
        ("\x00", ""),
        ("agent: a\nprompt: x\nx: " + "[" * 500 + "]" * 500, ""),
    ],
)
def test_what_is_no_contract_is_told_and_never_a_traceback(tmp_path: Path, text: str, message: str) -> None:
    """A file may hold anything at all."""
    found = read(tmp_path, text)

    assert found.contract is None
    assert message in told(found)
    assert "error: " in told(found)


def test_many_steps_are_a_warning_and_no_error(tmp_path: Path) -> None:
    """Small agents are advised; who knows better may have a large one."""
    found = read(tmp_path, "agent: a\nprompt: x\nlimits: {steps: 50}\n")

    assert found.contract is not None
    assert [(each.severity, each.message) for each in found.problems] == [
        ("warning", "50 steps are many: small agents are easier to trust")
    ]


def test_a_prompt_of_another_encoding_or_length_is_refused(tmp_path: Path) -> None:
    """Half of it would be read as something else."""
    (tmp_path / "latin.md").write_bytes("Grüße".encode("latin-1"))
    (tmp_path / "long.md").write_text("x" * 300_000)

    latin = read(tmp_path, "agent: a\nprompt: latin.md\n")
    long = read(tmp_path, "agent: a\nprompt: long.md\n")

    assert "the prompt `latin.md` is not text in UTF-8 (byte 2)" in told(latin)
    assert "the prompt `long.md` is longer than 262,144 bytes" in told(long)


def test_a_link_out_of_the_folder_is_no_way_around(tmp_path: Path) -> None:
    """A contract from elsewhere must not show a model whatever lies on this machine."""
    secret = tmp_path / "secret.txt"
    secret.write_text("k3y")
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "prompt.txt").symlink_to(secret)

    assert "lies outside the folder" in told(read(folder, "agent: a\nprompt: prompt.txt\n"))


def test_fields_may_be_written_as_a_whole_schema_as_in_graphs(tmp_path: Path) -> None:
    """Taken for fields called `type` and `properties`, it would refuse every answer of its model."""
    schema = "{type: object, properties: {n: {type: integer}}, required: [n]}"

    found = read(
        tmp_path, f"agent: a\nprompt: Hello.\ntask: 'Take {{{{ input.n }}}}.'\ninput: {schema}\noutput: {schema}\n"
    )

    whole = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    assert found.contract is not None, told(found)
    assert (found.contract.input, found.contract.output) == (whole, whole)


def test_a_schema_that_leads_elsewhere_is_refused_at_its_place(tmp_path: Path) -> None:
    """Nothing is fetched, so it would mean nothing."""
    found = read(
        tmp_path, "agent: a\nprompt: Hi.\noutput: {type: object, properties: {n: {$ref: 'http://x.example/s'}}}\n"
    )

    assert "agent.yaml:3:47: error: `http://x.example/s` leads out of this schema: nothing is fetched" in told(found)


def test_a_keyword_that_is_nearly_one_is_warned_of(tmp_path: Path) -> None:
    """A rule with a slip in its name is no rule, in an agent as in a graph."""
    found = read(tmp_path, "agent: a\nprompt: Hi.\noutput: {n: {type: integer, minimun: 1}}\n")

    assert found.contract is not None
    assert "`minimun` is no keyword of JSON Schema, and has no effect" in told(found)


@pytest.mark.parametrize("name", ["f\u0456xer", "two words", "_x"])
def test_a_name_is_made_of_the_letters_that_are_told(tmp_path: Path, name: str) -> None:
    """A letter of another script looks like one of these, and is none."""
    assert "begin with a Latin letter, go on with letters, digits, `_`, `.` and `-`" in told(
        read(tmp_path, f"agent: {name}\nprompt: Hi.\n")
    )


def test_nobody_is_told_to_raise_a_limit_that_is_fixed(tmp_path: Path) -> None:
    """The setting of that name is for graphs."""
    found = read(tmp_path, f"agent: a\nprompt: Hi.\ninput: {'{a: ' * 70}integer{'}' * 70}\n")

    assert "more than 64 maps and lists inside one another" in told(found)
    assert "raise the limit" not in told(found)


def test_what_is_no_file_is_told_as_what_it_is(tmp_path: Path) -> None:
    """Who sees a name in the folder is not helped by hearing that it is not there; a pipe is never read."""
    (tmp_path / "folder.yaml").mkdir()
    os.mkfifo(tmp_path / "pipe.yaml")

    no_file = "it is a folder, a pipe or a device, and no file"
    with pytest.raises(OSError, match=no_file):
        read_contract(tmp_path / "folder.yaml")
    with pytest.raises(OSError, match=no_file):
        read_contract(tmp_path / "pipe.yaml")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        read_contract(tmp_path / "gone.yaml")
