"""The dashboard of AgentOS: the one page among the routes of other systems.

It holds no script and loads nothing, and says so to the browser; whatever comes from runs is written as text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from interlock.api.desks import ReadsRuns
from interlock.api.pages import LIMIT, Cursor, Limit, cursor_at, place_of
from interlock.api.runs.filters import LOOKED_AT_MAX
from interlock.engine.run_filter import RunFilter
from interlock.showing.agentos import agentos_status
from interlock.showing.instants import instant
from interlock.store.rows import RunRow

router = APIRouter(tags=["other systems"])

STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #8884; padding: .4rem .6rem; text-align: left; }
td.number { font-variant-numeric: tabular-nums; text-align: right; }
.succeeded { color: #18794e; } .failed { color: #cd2b31; } .running { color: #0b68cb; } .pending { color: #6f6f6f; }
"""
_STYLE_DIGEST: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
ALL: Final = RunFilter()


@router.get(
    "/dashboard",
    status_code=200,
    response_class=HTMLResponse,
    responses={200: {"description": "Runs, the newest first, as a page for people."}},
)
async def show_dashboard(desk: ReadsRuns, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """All runs with their status, how many events each has, and links to view them."""
    rows, goes_on_at = await desk.interlock.runs_page(
        ALL, before=place_of(cursor, of=ALL), limit=limit, looked_at_max=LOOKED_AT_MAX
    )
    older = None if goes_on_at is None else f"?limit={limit}&cursor={cursor_at(goes_on_at, of=ALL)}"
    return HTMLResponse(dashboard(rows, older=older), headers=HEADERS)


def dashboard(rows: Sequence[RunRow], *, older: str | None) -> str:
    """The page of some runs; `older` is where those before them are."""
    lines = "".join(map(_line, rows)) or '<tr><td colspan="6">No runs yet.</td></tr>'
    following = f'<p><a href="{escape(older)}">Older runs</a></p>' if older else ""
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Runs</title><style>{STYLE}</style></head>
<body>
<h1>Runs</h1>
<table>
<thead><tr><th>Run</th><th>Graph</th><th>Status</th><th>Started</th><th>Replay of</th><th>Events</th></tr></thead>
<tbody>{lines}</tbody>
</table>
{following}
</body>
</html>
"""


def _line(row: RunRow) -> str:
    status = agentos_status(row.status, has_begun=row.seq > 1)
    parent = f'<a href="/runs/{quote(row.parent, safe="")}">{escape(row.parent)}</a>' if row.parent else ""
    run = quote(row.run, safe="")
    return (
        f'<tr><td><a href="/runs/{run}">{escape(row.run)}</a></td><td>{escape(row.graph)}</td>'
        f'<td class="{status}">{status}</td><td>{escape(instant(row.started_at))}</td><td>{parent}</td>'
        f'<td class="number"><a href="/runs/{run}/events">{row.seq:,} events</a></td></tr>\n'
    )
