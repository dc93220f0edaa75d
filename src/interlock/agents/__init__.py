"""The agent door: what an agent is, how it steps, and what its model is told.

An agent is a contract (`core.agent_contract`) and a pure `step`: what came of its last action goes in, its next action
comes out. Nothing here calls a model, a tool or a person, reads a clock or draws a number: the same observations give
the same actions and byte-equal requests in any process.
"""

from __future__ import annotations
