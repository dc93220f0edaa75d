"""Everything that a client can do, for `Client` and `AsyncClient` alike. What each method takes is said by its flow."""

from __future__ import annotations

from interlock.client.flows import (
    asking,
    courses,
    explaining,
    files,
    following,
    people,
    running,
    server,
    together,
    values,
)
from interlock.client.methods import many, once


class Surface:
    """The methods of a client."""

    # --- runs ---
    start = once(running.start)
    run = once(running.run)
    get = once(running.get)
    row = once(running.row)
    summary = once(running.summary)
    effects = once(running.effects)
    wait = once(running.wait)
    rest = once(running.rest)
    runs = many(running.runs)

    # --- what happens ---
    events = many(running.events)
    stream = many(following.stream)
    feed = many(following.feed)

    # --- why it went so ---
    decisions = many(explaining.decisions)
    causes = many(explaining.causes)
    way = once(explaining.way)
    prompts = once(explaining.prompts)

    # --- what is asked of runs ---
    pause = once(asking.pause)
    resume = once(asking.resume)
    cancel = once(asking.cancel)
    complete = once(asking.complete)
    set_mode = once(asking.set_mode)
    signal = once(asking.signal)
    plan_act = once(together.plan_act)
    make_act = many(together.make_act)

    # --- what waits for people ---
    questions = many(people.questions)
    answer = once(people.answer)
    verdict = once(people.verdict)
    remedy = once(people.remedy)
    settle = once(people.settle)
    reply = once(people.reply)
    answer_each = once(people.answer_each)

    # --- runs that go on from others, and what records prove ---
    retry = once(courses.retry)
    rollback = once(courses.rollback)
    plan_fork = once(courses.plan_fork)
    make_fork = once(courses.make_fork)
    fork = once(courses.fork)
    replay = once(courses.replay)
    redecide = once(courses.redecide)
    diff = once(courses.diff)
    export = once(files.export)
    import_run = once(files.import_run)

    # --- large values ---
    value = once(values.value)
    whole = once(values.whole)
    outputs = once(values.outputs)

    # --- the server ---
    health = once(server.health)
    problems = once(server.problems)
