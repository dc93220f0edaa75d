"""One graph with every kind of node and every key: what the compiler's properties are tried on."""

EVERY_KIND = """
graph: every-kind
description: Every kind of node and every key.
inputs: {pr: integer, items: list, note: "string?"}
budget: {calls: 100, wall: 15m}
timeout: 48h
on_failure: rollback
secrets: [token]
nodes:
  fetch:
    tool: look
    input: {pr: "${inputs.pr}", token: "${secrets.token}", deep: {list: [1, 2.5, "a ${inputs.pr}", null, true]}}
    retry: {attempts: 3, backoff: 2s, max_backoff: 1m, on: [timeout, unavailable]}
    timeout: 30s
    budget: {calls: 5}
    undo: {tool: write, input: {was: "${fetch.old}"}, retry: {attempts: 2}, timeout: 10s}
    labels: [reads]
    description: Reads what there is.
  cheap: {tool: look, input: {error: "${nodes.first.error.message}"}}
  first: {tool: look, after: fetch, on_error: {fallback: cheap}}
  second: {tool: look, after: {fetch: {on: succeeded, when: "${fetch.size > 3}"}}, on_error: continue}
  total: {value: {sum: "${fetch.size + 1}", text: "${fetch.name} of ${inputs.pr}"}, when: "${inputs.pr > 0}"}
  quality: {gate: ["${total.sum > 1}", "${fetch.ok}"], otherwise: hold, timeout: 1h}
  approve:
    human: "Release ${inputs.pr}?"
    after: quality
    choices: [release, reject]
    quorum: 2
    timeout: 24h
    otherwise: reject
  details: {human: "Details?", after: quality, form: {type: object, properties: {why: {type: string}}}}
  best: {fuse: best_of, from: [first, second], by: "${candidate.score}", join: {quorum: 2}, need: 2, cancel_rest: true}
  heavy: {fuse: weighted, from: [first, second], by: "${candidate.score}", weights: {first: 2, second: 0.5}}
  most: {fuse: vote, from: [first, second], by: "${candidate.answer}"}
  all_of: {fuse: merge, from: [first, second], conflict: first}
  pages:
    each: "${inputs.items}"
    as: page
    parallel: 4
    quorum: 2
    do: {tool: look, input: {p: "${page}", n: "${page_index}"}}
  sections:
    each: "${pages}"
    as: section
    nodes:
      read: {tool: look, input: {s: "${section}", of: "${total.sum}"}}
      note: {value: "${read.text}"}
    outputs: {text: "${note}"}
    timeout: 10m
    undo: {tool: write}
  refine:
    loop:
      draft: {tool: look, input: {feedback: '${round.last.?review.?feedback.orValue("")}'}}
      review: {tool: look, input: {d: "${draft}"}}
    until: "${review.approved}"
    max: 3
    at_max: accept
    outputs: {text: "${draft.text}"}
    budget: {calls: 10}
  block: {graph: {nodes: {x: {tool: look, input: {a: "${total}"}}, y: {value: "${x}"}}, outputs: {y: "${y}"}}}
  sub: {graph: small, input: {n: "${total.sum}"}}
  pause: {wait: 10m, after: fetch}
  until_then: {wait: {at: "${fetch.at}"}}
  merged: {wait: {event: pr.merged, match: {pr: "${inputs.pr}"}, where: "${event.data.ok}", early: drop}, timeout: 2h}
  tell: {emit: done, data: {pr: "${inputs.pr}"}, retry: {attempts: 2}, timeout: 5s}
  size: {choose: [{label: big, when: "${fetch.size > 10}"}, {label: small}]}
  on_big: {tool: write, after: {size: {on: big}}}
  on_small: {tool: pay, after: {size: {on: small}}, cancels: [pause, merged]}
  either: {tool: look, after: [on_big, on_small], join: any, input: {w: "${on_big.?id.orValue(0)}"}}
  quick: {tool: look, after: [pause, until_then], join: first, cancel_rest: true}
outputs: {version: '${on_big.?version.orValue("")}', sum: "${total.sum}"}
finally:
  report: {tool: look, input: {status: "${run.status}", size: "${nodes.size.outcome}"}}
"""

SMALL = """
graph: small
inputs: {n: integer, unit: {type: string, default: m}}
nodes:
  twice: {value: "${inputs.n * 2}"}
outputs: {n: "${twice}"}
"""
