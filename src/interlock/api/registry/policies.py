"""Policies: the rules in force, and what they say of a movement before anybody makes it."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from fastapi import APIRouter
from msgspec import UNSET
from pydantic import Field
from starlette.responses import Response

from interlock.api.answers import answers, told
from interlock.api.bodies import Body
from interlock.api.desks import ReadsPolicies
from interlock.api.pages import LIMIT, Cursor, Limit, page_of
from interlock.core.canonical import canonical
from interlock.core.plan import Permissions, Risk
from interlock.core.verdicts import Movement, Point
from interlock.embedded.movements_asked import asked_about
from interlock.governance import default_policy
from interlock.governance.explaining import explain
from interlock.showing.policies import explanation, rules
from interlock.wire.policies import PolicyExplanation, PolicyInForce

router = APIRouter(tags=["registry"])

LISTED_MAX: Final = 100
Word: TypeAlias = Annotated[str, Field(max_length=2_000)]
Words: TypeAlias = Annotated[list[Word], Field(max_length=LISTED_MAX)]


class MovementBody(Body):
    """A movement that is asked about. What is left out of a tool that is known is what the tool says of itself."""

    point: Point = Field(examples=["tool"])
    name: Word = Field(description="The graph, the edge's target, the model, tool, gate or memory.", examples=["shell"])
    agent: Word = Field(default="", description="The agent that asks; else it is the node.")
    graph: Word = ""
    path: Word = Field(default="", description="The node that moves.")
    by: Word = Field(default="", description="The person or the system that asks.")
    sources: Words = Field(default=[], description="Of an edge: where it comes from.")
    effect: Literal["read", "idempotent", "once", "paid"] | None = None
    risk: Risk | None = None
    hosts: Words | None = None
    reads: Words | None = None
    writes: Words | None = None
    external: bool | None = None
    safety: Literal["", "basic", "enhanced", "maximum"] = ""
    access: Literal["", "read", "write"] = ""
    tainted: bool = Field(default=False, description="Untrusted text may have asked for it.")
    arguments: Any = Field(default=None, description="Of a tool: what it is given.")

    @property
    def given(self) -> frozenset[str]:
        """What was said of the tool itself."""
        said = ("effect", "risk", "hosts", "reads", "writes", "external")
        return frozenset(name for name in said if getattr(self, name) is not None)

    def movement(self, tenant: str) -> Movement:
        """What is about to happen, in a tenant."""
        return Movement(
            point=self.point,
            name=self.name,
            tenant=tenant,
            graph=self.graph,
            path=self.path,
            agent=self.agent,
            by=self.by,
            sources=tuple(self.sources),
            effect=self.effect,
            risk=self.risk or "low",
            permissions=Permissions(
                hosts=tuple(self.hosts or ()),
                reads=tuple(self.reads or ()),
                writes=tuple(self.writes or ()),
                external=bool(self.external),
            ),
            safety=self.safety,
            access=self.access,
            tainted=self.tainted,
            arguments=canonical(self.arguments, where="arguments"),
        )


@router.get("/policies", **answers(PolicyInForce, "The rules in the order in which they decide."))
async def list_rules(desk: ReadsPolicies, limit: Limit = LIMIT, cursor: Cursor = None) -> Response:
    """The rules in force, and the digest by which decisions name them."""
    policy = desk.interlock.policy
    page, following = page_of(rules(policy), limit=limit, cursor=cursor, of=policy.digest)
    is_default = policy.digest == default_policy().digest
    return told(PolicyInForce(digest=policy.digest, default=is_default, rules=list(page), next=following))


@router.post("/policies/explain", **answers(PolicyExplanation, "The verdict, and every rule that was asked."))
async def explain_movement(body: MovementBody, desk: ReadsPolicies) -> Response:
    """What the policy in force says of one movement, which rule decides, and why the others do not hold."""
    asked = asked_about(body.movement(desk.caller.tenant), desk.interlock.toolbox, given=body.given)
    why = explain(desk.interlock.policy, asked.movement)
    return told(explanation(why, asked.movement, note=asked.note or UNSET))
