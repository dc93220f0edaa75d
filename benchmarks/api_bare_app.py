"""A bare FastAPI endpoint on the same server and event loop: what no framework costs less than."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Response

app = FastAPI(openapi_url=None)
BODY = b'{"run":"dkhtg7wvcks5","graph":"two","status":"succeeded","outputs":{"a":{"n":1},"b":{"n":2}}}'


@app.post("/v1/runs", status_code=202)
async def start(body: dict[str, object]) -> Response:
    """As if something were started."""
    return Response(BODY, status_code=202, media_type="application/json")


@app.get("/v1/runs")
@app.get("/v1/runs/{run}")
@app.get("/v1/runs/{run}/events")
async def look() -> Response:
    """As if something were looked at."""
    return Response(BODY, media_type="application/json")


if __name__ == "__main__":
    print("ready", flush=True)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", http="httptools", loop="uvloop")
