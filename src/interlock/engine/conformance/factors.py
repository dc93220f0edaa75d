"""The factors, each with what is looked at to judge it and what cannot be seen by looking; and what was found.

How each is judged is told in the pages beside this one.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Verdict: TypeAlias = Literal["holds", "broken", "not applicable"]


class Factor(Struct, frozen=True):
    """One factor: its number, its name, what is inspected, and what the inspection cannot see."""

    number: int
    name: str
    inspected: str
    unseen: str


class Finding(Struct, frozen=True, kw_only=True):
    """What was found of one factor. `advice` says what to do where it is broken."""

    factor: int
    verdict: Verdict
    evidence: tuple[str, ...]
    advice: str = ""


FACTORS: Final = (
    Factor(
        1,
        "Natural language to tool calls",
        "the schemas of all tools that agents may call; what becomes of a call that cannot be meant",
        "whether a model chooses the right tool",
    ),
    Factor(
        2,
        "Own your prompts",
        "the templates of the prompts; that a model is told the rendered template and nothing else",
        "whether a prompt is good",
    ),
    Factor(
        3,
        "Own your context window",
        "contexts compiled in a rehearsal: that each manifest names its request, adds up and keeps to its budget",
        "whether what is left out would have mattered",
    ),
    Factor(
        4,
        "Tools are structured outputs",
        "the verdict of the policy in force on each risky call, asked for by an agent that has read untrusted text",
        "a tool that does more than its contract says",
    ),
    Factor(
        5,
        "Unify execution and business state",
        "a rehearsed run and its agents, moved to another process at some step and continued there",
        "state that a tool keeps for itself",
    ),
    Factor(
        6,
        "Launch, pause, resume",
        "a rehearsed run, paused and resumed at each of its events; clocks that go on while people are waited for",
        "what a real tool does when its process is killed",
    ),
    Factor(
        7,
        "Contact humans with tools",
        "whether an agent that can do lasting things, or the graph around it, has a way to ask a person",
        "whether it asks when it should",
    ),
    Factor(
        8,
        "Own your control flow",
        "which agents may call agents, and how deep",
        "order that is hidden in the words of a prompt",
    ),
    Factor(
        9,
        "Compact errors into the context",
        "the cap on errors in a row; that open errors are told in short, in a rehearsal with failing calls",
        "whether the message of a tool helps a model",
    ),
    Factor(
        10,
        "Small, focused agents",
        "the cap on steps and the number of tools of each agent",
        "whether its task is one task",
    ),
    Factor(
        11,
        "Trigger from anywhere",
        "the declared inputs; the code of the project's tools, for words that only a terminal can answer",
        "a tool that needs a certain machine",
    ),
    Factor(
        12,
        "Stateless reducer",
        "each agent's steps, taken in two processes with different hash seeds on the same observations",
        "what is only rarely different; contacts with the world that give the same each time",
    ),
    Factor(
        13,
        "Pre-fetch what will be needed",
        "what is declared to be fetched: that it only reads, is called as its schema wants, and reaches the first call",
        "whether something else should have been fetched as well",
    ),
)
