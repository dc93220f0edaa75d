"""What a file of tools may say: one source (`http`, `openapi`, `mcp` or `a2a`), how it is reached, and on what terms.

The shape only. What the words come to is told where the tools are made.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from interlock.core.plan import DEFAULT_POOL, POOL_PATTERN, EffectClass, Risk

Name: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
Method: TypeAlias = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Bytes: TypeAlias = Annotated[int, Field(gt=0, le=64 << 20)]

TIMEOUT: Final = "60s"
AGENT_TIMEOUT: Final = "10m"
RESULT_BYTES_MAX: Final = 1 << 20


class Written(BaseModel):
    """A part of a file: it refuses what it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True, strict=True)


class TermsWritten(Written):
    """On what terms tools are called. What is not said is taken from what the source tells."""

    effect: EffectClass | None = None
    risk: Risk | None = None
    external: bool | None = None
    rate_per_minute: int | None = None
    usd: str | None = None
    undo: str = ""
    timeout: str = TIMEOUT
    pool: Annotated[str, Field(pattern=POOL_PATTERN)] = DEFAULT_POOL
    result_bytes_max: Bytes = RESULT_BYTES_MAX


class HttpSource(TermsWritten):
    """One operation. In its `url`, `query`, `headers` and `body`, `{x}` is an argument and `${secrets.x}` a secret."""

    name: Name | None = None
    description: str = ""
    method: Method = "GET"
    url: Text
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = None
    input: dict[str, Any] = {}
    output: dict[str, Any] | None = None
    private_hosts: tuple[str, ...] = ()


class OperationWritten(Written):
    """What is said otherwise of one operation of a document."""

    name: Name | None = None
    effect: EffectClass | None = None
    risk: Risk | None = None
    undo: str = ""


class OpenApiSource(TermsWritten):
    """Operations of an OpenAPI document, which is a file beside this one or is fetched when it is approved."""

    name: Name | None = None
    document: Text
    server: str = ""
    operations: tuple[Text, ...] | dict[Text, OperationWritten | None] = ()
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    private_hosts: tuple[str, ...] = ()


class McpSource(TermsWritten):
    """The tools of an MCP server: a program that is started, or an address."""

    name: Name | None = None
    command: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    env: dict[str, str] = {}
    url: Text | None = None
    headers: dict[str, str] = {}
    private_hosts: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    tools: tuple[Text, ...] | None = None
    effects: dict[str, EffectClass] = {}
    protocol: Literal["auto", "legacy", "2026-07-28"] = "auto"


class A2aSource(TermsWritten):
    """An agent that speaks A2A, by the address of its card."""

    name: Name | None = None
    card: Text
    headers: dict[str, str] = {}
    private_hosts: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Where the agent may be spoken to besides the host of its card."""
    keys: str = ""
    """Where the keys are that its card is signed with; left out, where the card itself says, on its own host."""
    signed: bool = False
    """Whether a card that nobody has signed is refused."""
    timeout: str = AGENT_TIMEOUT


Source: TypeAlias = HttpSource | OpenApiSource | McpSource | A2aSource
SOURCES: Final[dict[str, type[HttpSource | OpenApiSource | McpSource | A2aSource]]] = {
    "http": HttpSource,
    "openapi": OpenApiSource,
    "mcp": McpSource,
    "a2a": A2aSource,
}
"""What a file of tools holds, by its one key."""
