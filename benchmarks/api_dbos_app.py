"""A DBOS application that answers the same requests: FastAPI over workflows of two steps, on SQLite."""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from dbos import DBOS
from fastapi import FastAPI

DBOS(config={"name": "app", "system_database_url": "sqlite:///dbos.sqlite", "log_level": "ERROR"})
app = FastAPI(openapi_url=None)


@DBOS.step()
async def work(n: int) -> dict[str, int]:
    """A step that does nothing."""
    return {"n": n}


@DBOS.workflow()
async def two(n: int) -> dict[str, Any]:
    """Two of them, one after the other."""
    return {"a": await work(n), "b": await work(2)}


@app.post("/v1/runs", status_code=202)
async def start(body: dict[str, Any]) -> dict[str, str]:
    """On record when it is answered."""
    handle = await DBOS.start_workflow_async(two, body["inputs"]["n"])
    return {"run": handle.workflow_id}


@app.get("/v1/runs/{run}")
async def get(run: str) -> dict[str, Any]:
    """Its status, inputs and output."""
    status = await DBOS.get_workflow_status_async(run)
    return {"run": run, "status": status and status.status, "output": status and status.output}


@app.get("/v1/runs")
async def list_runs(limit: int = 20) -> list[dict[str, Any]]:
    """The newest."""
    rows = await DBOS.list_workflows_async(limit=limit, sort_desc=True)
    return [{"run": row.workflow_id, "status": row.status} for row in rows]


@app.get("/v1/runs/{run}/events")
async def events(run: str) -> list[dict[str, Any]]:
    """Its steps."""
    steps = await DBOS.list_workflow_steps_async(run)
    return [{"seq": step["function_id"], "name": step["function_name"]} for step in steps]


if __name__ == "__main__":
    DBOS.launch()
    print("ready", flush=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
