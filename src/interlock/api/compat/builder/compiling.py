"""Workflows of the Orchestration Builder: compiled, and known by their ids from then on.

There one workflow was known at a time, whoever had compiled it. Here each is a version of its id, for its tenant.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.desks import ManagesGraphs
from interlock.api.errors import ApiError
from interlock.wire.workflows import CompiledWorkflow

router = APIRouter(tags=["other systems"])

YAML: Final = "yaml"
EXAMPLE: Final = {
    "id": "publish",
    "nodes": [
        {"id": "length", "kind": "task", "expr": "len(text)"},
        {"id": "approve", "name": "Publish it?", "kind": "human", "approval_key": "publish_ok"},
    ],
    "edges": [{"from": "length", "to": "approve", "retry": {"max_attempts": 3, "backoff_ms": 200}}],
}
Document = Annotated[
    dict[str, Any], Body(examples=[EXAMPLE], description="A workflow; or its text, as `yaml` and nothing else.")
]


@router.post("/workflows/compile", **answers(CompiledWorkflow, "It can be started by its id."))
async def compile_workflow(document: Document, desk: ManagesGraphs) -> Response:
    """Compile a workflow and put it in force under its id."""
    registry = desk.interlock.registry
    checked = await registry.check(_text(document), source="the workflow")
    published = await registry.publish(await registry.prepare(checked.name, checked), by=desk.caller.name)
    plan = await registry.plan(published.release)
    return told(
        CompiledWorkflow(
            workflow_id=checked.name,
            version=published.release.version,
            hash=plan.graph_hash,
            nodes=[node.name for node in plan.root.nodes],
            warnings=[f"{problem.message}: {problem.advice}" for problem in checked.problems],
        )
    )


def _text(document: dict[str, Any]) -> str:
    if YAML not in document:
        return json.dumps(document, indent=2, ensure_ascii=False)
    text = document[YAML]
    if not isinstance(text, str) or len(document) > 1:
        raise ApiError("invalid_request", "`yaml` is the text of a workflow, and stands alone", field=YAML)
    return text
