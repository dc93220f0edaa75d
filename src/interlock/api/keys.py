"""API keys: listed, made and revoked. A key's text is told once, in the answer that makes it.

Nobody gives more than they have, and of other tenants only the platform's keys see anything.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path
from pydantic import Field
from starlette.responses import Response

from interlock.api.actions import actions
from interlock.api.answers import answers, told
from interlock.api.bodies import Body
from interlock.api.desks import Desk, ManagesKeys, ReadsKeys
from interlock.api.errors import ApiError
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.core.durations import parse_duration
from interlock.showing.keys import api_key, made_key
from interlock.tenancy import AREAS, KeyRow, may_give, parse_scopes, parse_tenant
from interlock.wire.keys import ApiKey, KeyPage, MadeKey

router = APIRouter(tags=["keys"])

KeyId = Annotated[str, Path(max_length=100, description="The id of a key: what stands between its underscores.")]
NAME: Final = r"^\w[\w .,:;@/+()'#&-]*$"
SCOPE: Final = f"^({'|'.join(AREAS)})(:read)?$"
LASTS: Final = "^[1-9][0-9]{0,3}(d|h|m|s)$"
TENANT: Final = "^[a-z](-?[a-z0-9]){0,39}$"
SHOWN_ONCE: Final = {"cache-control": "no-store"}


class KeyBody(Body):
    """A key to be made."""

    name: str = Field(pattern=NAME, max_length=100, description="Who it is for: it goes on record.", examples=["ci"])
    role: Literal["owner", "operator", "viewer"] = "operator"
    scopes: list[Annotated[str, Field(pattern=SCOPE)]] = Field(
        default=[], max_length=100, description="All that it opens, as `runs` or `runs:read`; else all of the tenant's."
    )
    expires: str | None = Field(
        default=None, pattern=LASTS, description="For how long it is good; else for good.", examples=["90d"]
    )
    tenant: str | None = Field(
        default=None, pattern=TENANT, description="Of another tenant than the caller's: whoever manages the platform."
    )


@router.get("/keys", **answers(KeyPage, "Keys, the one made last first."))
async def list_keys(desk: ReadsKeys, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """List keys, those that open nothing any more too: of the tenant, or of all for who may look at the platform."""
    listed = await desk.interlock.keys.listed(None if desk.sees_platform else desk.caller.tenant)
    rows, following = page_of(listed, limit=limit, cursor=cursor, of="keys")
    return told(KeyPage(keys=[_shown(desk, row) for row in rows], next=following))


@router.get("/keys/{id}", **answers(ApiKey, "The key, without what it is recognised by."))
async def get_key(id: KeyId, desk: ReadsKeys) -> Response:
    """One key. Of another tenant's it is not told that there is one."""
    whose = None if desk.sees_platform else desk.caller.tenant
    return told(_shown(desk, await desk.interlock.keys.get(id, tenant=whose)))


@router.post("/keys", **answers(MadeKey, "The key, with its text: it is told this once.", status=201))
async def make_key(body: KeyBody, desk: ManagesKeys) -> Response:
    """Make a key that opens what the caller may open, or less."""
    tenant = desk.caller.tenant if body.tenant is None else parse_tenant(body.tenant)
    scopes = parse_scopes(body.scopes)
    refusal = may_give(desk.caller, tenant=tenant, scopes=scopes)
    if refusal is not None:
        raise ApiError("not_allowed", refusal.reason)
    now = desk.reception.served.clock.now()
    new, row = await desk.interlock.keys.create(
        tenant,
        body.name,
        role=body.role,
        scopes=scopes,
        expires_at=None if body.expires is None else now + parse_duration(body.expires),
        by=desk.caller.name,
    )
    headers = {"location": f"/v1/keys/{row.id}"} | SHOWN_ONCE
    return told(made_key(new, row, now=now), status=201, headers=headers)


@router.delete("/keys/{id}", **answers(ApiKey, "It opens nothing any more."))
async def revoke_key(id: KeyId, desk: ManagesKeys) -> Response:
    """See to it that a key opens nothing any more: here at once, in other servers within seconds."""
    whose = None if desk.may_manage_platform else desk.caller.tenant
    row = await desk.reception.keys.revoke(id, by=desk.caller.name, tenant=whose)
    return told(_shown(desk, row))


def _shown(desk: Desk, row: KeyRow) -> ApiKey:
    now = desk.reception.served.clock.now()
    gone = "it is revoked already" if row.status(now) == "revoked" else ""
    return api_key(row, now=now, actions=actions(desk.caller, "keys", {"revoke": ("manage", gone)}))
