"""The graph of `tests/core/every_kind.py` once more, as it is built in Python: every kind of node and every key."""

from __future__ import annotations

from interlock import GraphBuilder, graph


def every_kind() -> GraphBuilder:
    """The whole graph, in the order of the text."""
    g = graph(
        "every-kind",
        description="Every kind of node and every key.",
        inputs={"pr": "integer", "items": "list", "note": "string?"},
        budget={"calls": 100, "wall": "15m"},
        timeout="48h",
        on_failure="rollback",
        secrets=["token"],
    )
    fetch = g.tool(
        "fetch",
        "look",
        input={
            "pr": g.inputs.pr,
            "token": g.secrets.token,
            "deep": {"list": [1, 2.5, f"a {g.inputs.pr}", None, True]},
        },
        retry={"attempts": 3, "backoff": "2s", "max_backoff": "1m", "on": ["timeout", "unavailable"]},
        timeout="30s",
        budget={"calls": 5},
        undo={"tool": "write", "input": {"was": "${fetch.old}"}, "retry": {"attempts": 2}, "timeout": "10s"},
        labels="reads",
        description="Reads what there is.",
    )
    cheap = g.tool("cheap", "look", input={"error": g.nodes.first.error.message})
    first = g.tool("first", "look", after=fetch, on_error={"fallback": cheap})
    second = g.tool("second", "look", after=fetch.on("succeeded", when=fetch.size > 3), on_error="continue")
    total = g.value("total", {"sum": fetch.size + 1, "text": f"{fetch.name} of {g.inputs.pr}"}, when=g.inputs.pr > 0)
    quality = g.gate("quality", [total.sum > 1, fetch.ok], otherwise="hold", timeout="1h")
    g.human(
        "approve",
        f"Release {g.inputs.pr}?",
        after=quality,
        choices=["release", "reject"],
        quorum=2,
        timeout="24h",
        otherwise="reject",
    )
    g.human("details", "Details?", after=quality, form={"type": "object", "properties": {"why": {"type": "string"}}})
    score = g.candidate.score
    both = [first, second]
    g.fuse("best", "best_of", of=both, by=score, join={"quorum": 2}, need=2, cancel_rest=True)
    g.fuse("heavy", "weighted", of=both, by=score, weights={first: 2, second: 0.5})
    g.fuse("most", "vote", of=both, by=g.candidate.answer)
    g.fuse("all_of", "merge", of=both, conflict="first")
    pages = g.each("pages", g.inputs.items, as_="page", parallel=4, quorum=2)
    with pages as each:
        each.do.tool("look", input={"p": each.item, "n": each.index})
    with g.each("sections", pages, as_="section", timeout="10m", undo={"tool": "write"}) as each:
        read = each.tool("read", "look", input={"s": each.item, "of": total.sum})
        note = each.value("note", read.text)
        each.outputs(text=note)
    with g.loop("refine", max=3, at_max="accept", budget={"calls": 10}) as loop:
        draft = loop.tool("draft", "look", input={"feedback": loop.last.review.feedback.or_else("")})
        review = loop.tool("review", "look", input={"d": draft})
        loop.until(review.approved)
        loop.outputs(text=draft.text)
    with g.block("block") as block:
        x = block.tool("x", "look", input={"a": total})
        block.outputs(y=block.value("y", x))
    g.graph("sub", "small", input={"n": total.sum})
    pause = g.wait("pause", "10m", after=fetch)
    until_then = g.wait_until("until_then", fetch.at)
    merged = g.wait_for(
        "merged", "pr.merged", match={"pr": g.inputs.pr}, where=g.event.data.ok, early="drop", timeout="2h"
    )
    g.emit("tell", "done", data={"pr": g.inputs.pr}, retry={"attempts": 2}, timeout="5s")
    size = g.choose("size", [("big", fetch.size > 10), "small"])
    on_big = g.tool("on_big", "write", after=size.on("big"))
    on_small = g.tool("on_small", "pay", after=size.on("small"), cancels=[pause, merged])
    g.tool("either", "look", after=[on_big, on_small], join="any", input={"w": on_big.id.or_else(0)})
    g.tool("quick", "look", after=[pause, until_then], join="first", cancel_rest=True)
    g.outputs(version=on_big.version.or_else(""), sum=total.sum)
    g.finally_.tool("report", "look", input={"status": g.run.status, "size": g.nodes[size].outcome})
    return g
