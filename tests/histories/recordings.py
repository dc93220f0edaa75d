"""The stories that histories are recorded of: between them they hold an event of every type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from interlock.core import events as e
from interlock.core import requests as r
from interlock.core.agent_contract import AgentContract
from interlock.core.continuing.adopting import results_to_adopt, undos_to_adopt
from interlock.core.continuing.forking import plan_fork
from interlock.core.plan import Budget
from interlock.core.spending import Spending
from interlock.core.verdicts import Movement, Verdict
from tests.histories.recording import Recording
from tests.stories.agent_steps import RAISE_OR_STOP, AgentSteps
from tests.stories.story import Story, step_id


def release() -> Recording:
    """A run from a tool to a person to its outputs."""
    made = Recording(
        """
        inputs: {pr: integer}
        nodes:
          test: {tool: work, input: {pr: "${inputs.pr}"}}
          share: {value: {high: "${test.high}", title: "PR ${inputs.pr}"}}
          quality: {gate: ["${share.high == 0}"]}
          approve: {human: "Release ${share.title}?", choices: [release, reject], quorum: 2, after: quality}
          publish: {tool: pay, after: {approve: {on: release}}}
          tell: {emit: released, data: {pr: "${inputs.pr}"}, after: publish}
        finally:
          tidy: {tool: write, input: {status: "${run.status}"}}
        outputs: {version: '${publish.?version.orValue("none")}'}
        """
    )
    made.story.starts(pr=7).does("test", {"high": 0}).answers("approve", "release", "ada")
    made.story.answers("approve", "release", "ben").does("publish", {"version": "1.2"})
    made.story.does("tell").does("finally/tidy")
    return made


def rollback() -> Recording:
    """A gate that says rollback: undos that are retried, asked about and given up, one after the other."""
    made = Recording(
        """
        nodes:
          a: {tool: pay, input: {n: 1}, undo: {tool: unpay, input: {n: 1}, retry: {attempts: 2, backoff: 1s}}}
          b: {tool: pay, input: {n: 2}, undo: {tool: pay, input: {n: "${b.n}"}}, after: a}
          c: {tool: pay, input: {n: 3}, undo: {tool: unpay, input: {n: 3}}, after: b}
          d: {tool: pay, input: {n: 4}, after: c}
          check: {gate: ["${d == 'fine'}"], otherwise: rollback}
        """
    )
    story = made.story.starts().does("a", {"n": 1}).does("b", {"n": 2}).does("c", {"n": 3}).does("d", "bad")
    story.undoes("c", "failed").undoes("b", "unknown", "timeout").settles("b!undo", "done")
    story.undoes("a", "failed").waits_for(2).undoes("a")
    return made


def taken_back() -> Recording:
    """A run that is cancelled with rollback while a call is in flight, and takes back all that it did."""
    made = Recording(
        """
        nodes:
          a: {tool: pay, input: {n: 1}, undo: {tool: unpay, input: {n: 1}}}
          b: {tool: write, input: {n: 2}, undo: {tool: unpay, input: {n: 2}}, after: a}
          c: {tool: work, after: b}
        """
    )
    made.story.starts().does("a").cancels(rollback=True).does("b").undoes("b").undoes("a")
    return made


def retries() -> Recording:
    """Failures that are retried, passed on to a fallback, gone on from, raced and chosen between."""
    made = Recording(
        """
        nodes:
          flaky: {tool: work, retry: {attempts: 3, backoff: 2s}}
          dear: {tool: work, on_error: {fallback: cheap}}
          cheap: {tool: other}
          odd: {tool: work, on_error: continue}
          slow: {tool: work, timeout: 10s, on_error: continue}
          best: {fuse: best_of, from: [flaky, dear], by: "${candidate.score}"}
          size: {choose: [{label: big, when: "${best.score > 5}"}, {label: small}]}
          large: {value: "large", after: {size: {on: big}}}
          little: {value: "little", after: {size: {on: small}}}
          maybe: {value: "maybe", after: {best: {when: "${best.score > 100}"}}}
          first: {value: "first", after: [large, little], join: first}
        """
    )
    story = made.story.starts().fails("flaky", "unavailable").is_lost("slow", "timeout")
    story.receives(late(story, "slow")).fails("dear").does("cheap", {"score": 4}).fails("odd", "invalid")
    story.waits_for(3).fails("flaky").waits_for(10).does("flaky", {"score": 7})
    return made


def late(story: Story, path: str) -> r.Result:
    """What came of a call after it had been given up."""
    effects = [event.body.effect for event in story.log if isinstance(event.body, e.NodeStarted) and event.path == path]
    return r.Result(path=path, result=e.NodeResult(effects[-1], "done", "too late"))


def crashes() -> Recording:
    """Workers that die and leave: what was in flight is repeated, asked about, settled, or given up as lost.

    In the file a step under way was asked about only when its call had been repeated and had come to it.
    """
    made = Recording(
        """
        nodes:
          again: {tool: write, input: {n: 1}}
          asked: {tool: pay, input: {n: 2}, after: again}
          steps: {tool: write, input: {n: 3}, after: asked}
          left: {tool: pay, input: {n: 4}, after: steps}
          deadly: {tool: work, on_error: continue, after: left}
        """
    )
    story = made.story.starts().is_lost("again").does("again").is_lost("asked").settles("asked", "done", "receipt 7")
    story.intends("steps", 1).has_done("steps", 1, "one").intends("steps", 2)
    story.intends("steps", 3, "ask", question=e.Question("Go on?", ("yes", "no")))
    story.is_lost("steps")
    story.receives(not_done(story, "steps", 2)).answers("steps.3", "yes").has_done("steps", 2, "two")
    story.intends("steps", 4).receives(broken(story, "steps", 4)).does("steps", "all")
    story.receives(not_made(story, "left")).does("left")
    story.is_lost("deadly").is_lost("deadly").is_lost("deadly")
    return made


def doubts() -> Recording:
    """Steps under way when their call ended: asked about before their node goes on or ends, or after the whole."""
    made = Recording(
        """
        nodes:
          hung: {tool: write, timeout: 5s, on_error: continue}
          broken: {tool: write, retry: {attempts: 2, backoff: 1s}, after: hung}
          whole: {tool: pay, after: broken, undo: {tool: unpay}}
          stopped: {tool: write, after: whole}
        """
    )
    story = made.story.starts().intends("hung", 1).is_lost("hung", "timeout")
    story.receives(not_done(story, "hung", 1))
    story.intends("broken", 1).fails("broken").receives(not_done(story, "broken", 1)).waits_for(1).does("broken")
    story.intends("whole", 1).is_lost("whole").settles("whole", "not_done").receives(not_done(story, "whole", 1))
    story.does("whole").intends("stopped", 1).cancels(rollback=True).is_lost("stopped")
    story.receives(not_done(story, "stopped", 1)).intends("whole!undo", 1).undoes("whole", "unknown", "timeout")
    story.receives(not_done(story, "whole!undo", 1))
    return made


def no_death() -> Recording:
    """A call in which two workers died, and of which a third found a step in doubt: that is asked, and it goes on."""
    made = Recording("nodes: {a: {tool: write, on_error: continue}, b: {tool: write, after: a}}")
    story = made.story.starts().intends("a", 1, effect="idempotent").is_lost("a").is_lost("a").comes_to_a_doubt("a", 1)
    story.receives(not_done(story, "a", 1)).is_lost("a")
    story.intends("b", 1, effect="idempotent").is_lost("b").is_lost("b").comes_to_a_doubt("b", 1)
    story.receives(not_done(story, "b", 1)).does("b")
    return made


def came_on() -> Recording:
    """A call in which four workers died, after the second of which a step was done, and one in which nothing was."""
    made = Recording("nodes: {a: {tool: write, on_error: continue}, b: {tool: write, after: a, on_error: continue}}")
    story = made.story.starts().intends("a", 1, effect="idempotent").is_lost("a").is_lost("a").has_done("a", 1)
    story.is_lost("a").is_lost("a").does("a")
    story.intends("b", 1, effect="idempotent").is_lost("b").is_lost("b").is_lost("b")
    return made


def not_done(story: Story, path: str, ordinal: int) -> r.SettleEffect:
    """A person says that a step did not happen."""
    effect = step_id(path, ordinal)
    return r.SettleEffect(effect=effect, status="not_done", by="ada", why="nobody has seen it")


def broken(story: Story, path: str, ordinal: int) -> r.StepNoted:
    """A step that failed."""
    effect = story.attempt(path).steps[ordinal].effect
    return r.StepNoted(path=path, step=e.EffectFailed(ordinal, effect, e.Error("unavailable", "no line")))


def not_made(story: Story, path: str) -> r.Result:
    """A call that its worker stopped before it was made, since it left."""
    error = e.Error("cancelled", "its worker left before the call was made", path)
    return r.Result(path=path, result=e.NodeResult(story.effect(path), "not_done", error=error, calls=0))


def scopes() -> Recording:
    """Items, rounds and graphs inside each other, with values that are kept outside their events."""
    made = Recording(
        """
        nodes:
          all: {each: "${docs}", as: doc, parallel: 2, do: {tool: work, input: {doc: "${doc}"}, on_error: continue}}
          docs: {value: "${items.docs}"}
          items: {tool: work}
          some: {each: "${[1, 2, 3]}", quorum: 2, do: {tool: other, input: {n: "${item}"}}, after: all}
          early: {each: "${[1, 2]}", do: {tool: other, input: {n: "${item}"}}, after: some}
          refine:
            loop:
              draft: {tool: work, input: {before: '${round.last.?draft.?text.orValue("")}'}}
            until: "${draft.good}"
            max: 3
            after: early
          grow:
            loop:
              say: {tool: work, input: {recent: "${tail(round.last.said, 2)}"}}
              said: {value: "${append(round.last.said, say)}"}
            until: "${round.index == 3}"
            max: 5
            after: refine
          inner: {graph: part, input: {text: "${refine.draft.text}"}, after: grow}
        outputs: {texts: "${all}", size: "${inner.size}", said: "${tail(grow.said, 3)}"}
        """,
        graphs={
            "part": """
            inputs: {text: string}
            nodes:
              measure: {value: "${inputs.text.size()}"}
            outputs: {size: "${measure}"}
            """
        },
    )
    story = made.story.starts().does("items", {"docs": ["one " * 150, "two", "three"]})
    story.does("all:0", {"text": "long " * 100}).fails("all:1").does("all:2", {"text": "short"})
    story.does("some:0", 1).does("some:1", 2).fails("some:2").does("early:0", 1).completes("early").does("early:1", 2)
    story.does("refine:0/draft", {"text": "no", "good": False}).does("refine:1/draft", {"text": "yes", "good": True})
    for number in range(4):
        story.does(f"grow:{number}/say", f"{number} says " * 20)
    return made


def waits() -> Recording:
    """Times, events, deadlines and people; paused and resumed, moved to another mode, and cancelled in the end."""
    made = Recording(
        """
        inputs: {pr: integer}
        nodes:
          nap: {wait: 10s}
          merged: {wait: {event: merged, match: {pr: "${inputs.pr}"}}}
          ask: {human: "Well?", choices: [yes, no], timeout: 1m, otherwise: no}
          form: {human: "Why?", form: {type: object, properties: {why: {type: string}}}}
          mode: {value: "${run.mode}", after: nap}
          one: {tool: work, after: merged}
          other: {tool: work, after: merged}
          never: {wait: {event: never}}
        """
    )
    story = made.story.starts(pr=7).sends("merged", {"pr": 8}, "first").moves_to("degraded").waits_for(11)
    story.pauses().fills_in("form", why="because").sends("merged", {"pr": 7}, "second").waits_for(60).resumes()
    story.cancels("one").does("one").does("other").cancels()
    return made


def held() -> Recording:
    """Failures that wait for people, a gate that is held, and two ways of stopping the rest."""
    made = Recording(
        """
        on_failure: hold
        nodes:
          a: {tool: work, input: {n: 1}}
          b: {tool: work, input: {n: 2}}
          c: {tool: work, input: {n: 3}}
          gate: {gate: ["${c == 'good'}"], otherwise: hold}
          race1: {tool: work, after: gate}
          race2: {tool: work, after: gate}
          won: {value: "won", after: [race1, race2], join: first, cancel_rest: true}
          last: {tool: work, after: {won: {on: failed}}}
        """
    )
    story = made.story.starts().fails("a").remedies("a", "retry").does("a", 1)
    story.fails("b").remedies("b", "edit", {"n": 20}).does("b", 2).does("c", "bad").says("gate", "promote", why="fine")
    story.does("race1").does("race2")
    return made


def continued() -> Recording:
    """The retry of a run that failed: what does not depend on the failure is taken over."""
    text = """
        nodes:
          a: {tool: pay, input: {n: 1}}
          b: {tool: pay, input: {n: "${a}"}}
          c: {tool: work, input: {n: "${b}"}}
        """
    parent = Story(text).starts().does("a", 1).does("b", 2).fails("c")
    adopted = tuple(results_to_adopt(parent.plan, "run", parent.log))
    made = Recording(text)
    made.story.receives(r.StartRun(inputs={}, kind="retry", parent="run-1", adopted=adopted, by="ada"))
    made.story.does("c", 3)
    return made


_ASKED: Final = """
nodes:
  test: {tool: work}
  ask: {human: "Release?", choices: [yes, no], after: test}
  publish: {tool: pay, after: {ask: {on: "yes"}}}
"""


def moved() -> Recording:
    """A run that waits for a person when it is moved to another version of its graph, and ends as that one says."""
    made = Recording(_ASKED + 'outputs: {done: "old"}\n')
    made.story.starts().does("test", {"high": 0})
    made.goes_on_on(_ASKED + '  tell: {emit: released, after: publish}\noutputs: {done: "new"}\n')
    made.story.answers("ask", "yes").does("publish").does("tell")
    return made


def forked() -> Recording:
    """Another course of a run from its last node on: what was answered, retried, sent and paid is taken over."""
    text = """
        nodes:
          ask: {human: "Go?", choices: [yes, no]}
          paid: {tool: pay, input: {n: 1}, undo: {tool: unpay, input: {n: 1}}, after: {ask: {on: "yes"}}}
          flaky: {tool: work, retry: {attempts: 2, backoff: 1s}}
          tell: {emit: told, data: {n: 1}, after: paid}
          last: {tool: write, input: {a: "${flaky}"}, after: tell}
        """
    parent = Story(text).starts().answers("ask", "yes").fails("flaky").waits_for(2).does("flaky", 1)
    parent.does("paid").does("tell").does("last", "one")
    fork = plan_fork(parent.plan, "run", parent.log, start="last")
    made = Recording(text)
    start = r.StartRun(
        inputs={}, kind="fork", parent="run-1", key="orders/7", labels={"team": "red"}, adopted=fork.adopted
    )
    made.story.receives(start).does("last", "two")
    return made


def undone() -> Recording:
    """A run that takes back what another did: an undo is stopped before it is made, and repeated; one is refused."""
    text = """
        nodes:
          a: {tool: pay, input: {n: 1}, undo: {tool: unpay, input: {n: 1}, timeout: 10s}}
          b: {tool: pay, input: {n: 2}, undo: {tool: unpay, input: {n: 2}}, after: a}
        """
    parent = Story(text).starts().does("a").does("b")
    adopted = tuple(undos_to_adopt(parent.plan, "run", parent.log))
    made = Recording(text)
    story = made.story.receives(r.StartRun(inputs={}, kind="rollback", parent="run-1", adopted=adopted))
    left = e.UndoResult(story.effect("b!undo"), "not_done", e.Error("cancelled", "its worker left"))
    story.receives(r.UndoneResult(path="b!undo", result=left)).undoes("b", "unknown", "lost").undoes("b")
    refused = e.UndoResult(story.effect("a!undo"), "failed", e.Error("refused", "the month is closed"), retryable=False)
    story.receives(r.UndoneResult(path="a!undo", result=refused))
    return made


def blocked() -> Recording:
    """What holds scopes fails, runs out of time and is gone on from, until a person blocks the run at a gate."""
    made = Recording(
        """
        nodes:
          some: {each: "${[1, 2]}", do: {tool: work, input: {n: "${item}"}}, on_error: continue}
          again: {loop: {draft: {tool: work}}, until: "${true}", max: 2, on_error: continue}
          slow: {graph: {nodes: {step: {tool: work}}}, timeout: 10s, on_error: continue}
          fine: {gate: ["${nodes.some.outcome == 'succeeded'}"], otherwise: hold, after: [some, again, slow]}
        """
    )
    story = made.story.starts().fails("some:0").does("some:1", 1).fails("again:0/draft", "invalid")
    story.waits_for(10).does("slow/step").moves_to("minimal").moves_to("normal")
    story.says("fine", "block", why="nothing of it is fine")
    return made


def sent_back() -> Recording:
    """A person sends a held run back: one undo has no input, and a graph inside has taken itself back before."""
    made = Recording(
        """
        nodes:
          a: {tool: pay, input: {n: 1}, undo: {tool: unpay, input: {n: "${a.receipt}"}}}
          b: {tool: pay, input: {n: 2}, undo: {tool: unpay, input: {n: 2}}, after: a}
          inner: {graph: part, after: b, on_error: continue}
          fine: {gate: ["${nodes.inner.outcome == 'succeeded'}"], otherwise: hold, after: inner}
        """,
        graphs={
            "part": """
            on_failure: rollback
            nodes:
              c: {tool: pay, input: {n: 3}, undo: {tool: unpay, input: {n: 3}}}
              d: {tool: work, after: c}
            """
        },
    )
    story = made.story.starts().does("a", {"paid": 1}).does("b").does("inner/c").fails("inner/d", "invalid")
    story.undoes("inner/c", "failed", "refused").says("fine", "rollback", why="start over").undoes("b")
    return made


def let_fail() -> Recording:
    """Failures that are held: one is skipped, one is let fail; what comes of calls that were given up comes late."""
    made = Recording(
        """
        on_failure: hold
        nodes:
          a: {tool: work, timeout: 10s}
          b: {tool: work, timeout: 10s}
          steps: {tool: write}
        """
    )
    story = made.story.starts()
    a, b = story.effect("a"), story.effect("b")
    story.is_lost("a", "timeout").is_lost("b", "timeout").waits_for(2)
    error = e.Error("unavailable", "no line")
    story.receives(r.Result(path="a", result=e.NodeResult(a, "failed", error=error)))
    story.receives(r.Result(path="b", result=e.NodeResult(b, "unknown", error=error)))
    look = e.EffectIntended(1, step_id("steps", 1), "look", digest="d1", key="tea", effect_class="read")
    save = e.EffectIntended(2, step_id("steps", 2), "save", digest="d2", effect_class="idempotent")
    story.receives(r.StepNoted(path="steps", step=look)).has_done("steps", 1, "seen")
    story.receives(r.StepNoted(path="steps", step=save)).has_done("steps", 2, "saved").does("steps")
    story.remedies("a", "skip").remedies("b", "fail")
    return made


def spent() -> Recording:
    """A run whose running time is spent."""
    made = Recording("budget: {wall: 1m}\nnodes: {a: {tool: work}, b: {tool: work, after: a}}")
    made.story.starts().waits_for(50).does("a").waits_for(10).does("b")
    return made


def worked() -> Recording:
    """An agent that asks models, calls tools, a graph, a memory and another agent, asks people, is refused and lost."""
    inner = AgentContract(name="helper", tools=("work",))
    fixer = AgentContract(name="fixer", tools=("work", "pay", "agent:helper", "graph:build"), on_limit="ask")
    made = Recording(
        """
        budget: {usd: "0.50", tokens: 1000}
        nodes:
          fix: {agent: fixer, budget: {usd: "0.02", steps: 9}}
        outputs: {fixed: "${fix.number}"}
        """,
        graphs={"build": "graph: build\nlanguage: 1\ninputs: {n: integer}\nnodes: {make: {tool: work}}"},
        agents=(fixer, inner),
    )
    story, cent = made.story.starts(), Spending(usd=10_000, tokens=50)
    fix, helper = AgentSteps(story, "fix"), AgentSteps(story, "fix.8")
    fix.is_allowed(1)
    fix.is_allowed(1, "model", "script/any")
    fix.begins(1, held=cent)
    fix.has_done(1, {"text": "look"}, spent=Spending(usd=4_000, tokens=40))
    fix.begins(2, "tool", "work", input={"n": 1})
    fix.has_failed(2)
    fix.is_refused(3, "pay")
    fix.asks(4, "approval", "approve", "deny")
    story.answers("fix.4", "approve")
    fix.begins(5, "tool", "pay", effect="once", held=Spending(usd=1_000), input={"n": 2})
    story.is_lost("fix").settles_step("fix.5", "done", "paid")
    fix.asks(6, "person", "yes", "no")
    story.answers("fix.6", "yes")
    fix.begins(7, "memory", "recall")
    fix.has_done(7, [])
    fix.begins(8, "agent", "helper", limits=Budget(calls=3))
    helper.begins(1, held=Spending(usd=4_000))
    helper.has_lost(1)
    helper.begins(1, held=Spending(usd=4_000), tries=2)
    helper.has_done(1, {"text": "done"}, spent=Spending(usd=3_000, tokens=10), tries=2)
    fix.has_done(8, {"helped": True})
    fix.begins(9, "graph", "build", input={"n": 3})
    story.does("fix.9/make")
    fix.has_done(9, {})
    assert fix.begins(10, held=cent) is not None
    fix.asks(10, "limit", *RAISE_OR_STOP, raises="fix")
    story.answers("fix.10", "raise")
    fix.begins(11, held=cent)
    fix.has_done(11, {"text": "42"}, spent=Spending(usd=2_000, tokens=20))
    story.does("fix", {"number": 42})
    return made


def permitted() -> Recording:
    """A policy wants a person to allow a call, and a spent limit one to raise it; another call waits for neither."""

    def judge(movement: Movement) -> Verdict:
        return Verdict("ask" if movement.name == "pay" else "allow", "rule 1", "p1", "it is dear")

    made = Recording(
        """
        budget: {calls: 2, on_limit: ask}
        nodes:
          look: {tool: work}
          pay: {tool: pay, after: look}
          last: {tool: write, after: pay}
        """,
        judge=judge,
    )
    story = made.story.starts().does("look").answers("pay", "approve").does("pay")
    story.answers("last", "raise").does("last")
    return made


HISTORIES: Final[dict[str, Callable[[], Recording]]] = {
    made.__name__: made
    for made in (
        *(release, rollback, taken_back, retries, crashes, scopes, waits, held, continued, moved),
        *(forked, undone, blocked, sent_back, let_fail, spent, doubts, no_death, worked, permitted, came_on),
    )
}
