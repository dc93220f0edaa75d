"""Providers and pools as the settings declare them. What they come to is told in `pools`.

[models.providers.openai]
kind = "openai"
key = "openai_key"

[models.providers.local]
kind = "openai_compatible"
url = "http://localhost:11434/v1"

[models.pools.default]
models = ["openai/gpt-5-mini", {model = "local/qwen3:8b", quality = "cheap", price = {input = "0", output = "0"}}]
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from interlock.core.agent_contract import QualityTier, SafetyTier
from interlock.core.plan import POOL_PATTERN
from interlock.models.facts import Structured
from interlock.models.retrying import ATTEMPTS_MAX

Kind: TypeAlias = Literal["openai", "anthropic", "openai_compatible", "scripted"]
CachePolicy: TypeAlias = Literal["never", "temperature_0", "always"]

ProviderName: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
PoolName: TypeAlias = Annotated[str, Field(pattern=POOL_PATTERN)]
Positive: TypeAlias = Annotated[int, Field(gt=0)]
Seconds: TypeAlias = Annotated[float, Field(gt=0, le=3_600)]
UsdPerMillion: TypeAlias = Annotated[Decimal, Field(ge=0, le=100_000)]
"""US dollars for a million tokens; text, so that no digit is lost: `"0.25"`."""

DECLARING: Final = "models_settings"
"""What problems of this page are called, whose message is told as it stands."""
DEFAULT_KEYS: Final[dict[Kind, str]] = {"openai": "openai_key", "anthropic": "anthropic_key"}
"""Where no key is named. Others are asked without one."""
KEY_NAME: Final = r"^[a-z][a-z0-9_]{0,62}$"
_HEADER_OF_A_KEY: Final = re.compile(r".*(authorization|cookie|key|token|secret|password)", re.IGNORECASE)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_MODEL_NAME: Final = r"^[a-z][a-z0-9_-]{0,62}/[^\s]{1,200}$"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ProviderSettings(_Declared):
    """Whoever answers for models: how it is reached, how often it may be asked, how long it is waited for."""

    kind: Kind = Field(description="`openai`, `anthropic`, `openai_compatible` or `scripted`.")
    url: str = Field(
        default="",
        description="Where it is reached. `openai_compatible` needs it; the others have an address of their own.",
    )
    key: str | None = Field(
        default=None,
        pattern=KEY_NAME,
        description="The name of the secret that is its key. Else `openai_key` and `anthropic_key`; others have none.",
    )
    headers: dict[str, str] = Field(
        default={}, description="Sent along with every request, and shown with the settings: no place for a key."
    )
    path: str = Field(default="models", description="Of `scripted`: the folder of its scripts, or one file.")
    seed: int = Field(default=1, description="Of `scripted`: what chance is drawn from.")
    concurrency: Positive = Field(default=16, description="How many calls are made at once.")
    queue: Positive = Field(default=1_000, description="How many wait for their turn; one more is refused.")
    requests_per_minute: Positive | None = Field(default=None, description="How many requests a minute holds.")
    tokens_per_minute: Positive | None = Field(
        default=None, description="How many tokens: what is sent, and as much answer as is asked for."
    )
    attempts: Positive = Field(default=ATTEMPTS_MAX, description="How often a call asks the same model at most.")
    connect_seconds: Seconds = Field(default=10, description="How long a connection may take.")
    first_token_seconds: Seconds = Field(default=60, description="How long a streamed answer may take to begin.")
    whole_seconds: Seconds = Field(default=300, description="How long an answer may take.")

    @field_validator("url")
    @classmethod
    def _usable_url(cls, url: str) -> str:
        if url:
            check_url(url)
        return url

    @field_validator("headers")
    @classmethod
    def _usable_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, text in headers.items():
            if _HEADER_OF_A_KEY.fullmatch(name):
                raise PydanticCustomError(
                    DECLARING,
                    "has `{name}`, which is shown to whoever reads settings: name a key by `key`",
                    {"name": name},
                )
            if not _HEADER.fullmatch(name) or not (text.isascii() and text.isprintable()):
                raise PydanticCustomError(DECLARING, "has a header that cannot be sent: {name}", {"name": repr(name)})
        return headers

    @model_validator(mode="after")
    def _url_where_needed(self) -> ProviderSettings:
        if self.kind == "openai_compatible" and not self.url:
            raise PydanticCustomError(DECLARING, "needs a `url`, such as `http://localhost:11434/v1`")
        return self

    @property
    def key_name(self) -> str | None:
        """The secret that is needed to ask it."""
        return self.key if self.key is not None else DEFAULT_KEYS.get(self.kind)

    @property
    def shown(self) -> str:
        """Where it is reached, as it may be shown."""
        return f"{self.kind} {self.path if self.kind == 'scripted' else self.url}".rstrip()


def check_url(url: str) -> None:
    """Refuse what is no address of a server, and one that has a password in it."""
    try:
        parts = urlsplit(url)
        is_server = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_server = False
        parts = None
    if parts is None or not is_server or any(letter.isspace() for letter in url):
        raise PydanticCustomError(DECLARING, "is no address of a server: write `https://host/v1`")
    if parts.username is not None or parts.query or parts.fragment:
        raise PydanticCustomError(
            DECLARING, "is an address with more than a server and a path: name a key by `key`, where it stays secret"
        )


class PriceSettings(_Declared):
    """What a model costs, in US dollars: for a million tokens, and for a call as such."""

    input: UsdPerMillion = Field(description="For a million tokens that are sent.")
    output: UsdPerMillion = Field(description="For a million tokens of the answer.")
    cached: UsdPerMillion | None = Field(
        default=None, description="For a million that are sent and that the provider had at hand. Else as any other."
    )
    call: UsdPerMillion = Field(default=Decimal(0), description="For the call itself.")


class PooledModelSettings(_Declared):
    """A model of a pool. Alone, its name may stand for the whole."""

    model: str = Field(pattern=_MODEL_NAME, description="`provider/model`. Alone, it may stand for the whole.")
    quality: QualityTier = Field(default="balanced", description="`cheap`, `balanced` or `quality`.")
    safety: SafetyTier = Field(default="basic", description="`basic`, `enhanced` or `maximum`.")
    weight: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Its share of the pool's calls. Where no model of a pool has one, the best is chosen.",
    )
    context: Positive | None = Field(
        default=None, description="How many tokens it takes, the answer included. Else as published."
    )
    latency_seconds: Seconds | None = Field(default=None, description="How long an answer takes, until it is measured.")
    tools: bool = Field(default=True, description="Whether it can ask for tools.")
    structured: Structured | None = Field(
        default=None,
        description="How it is brought to answer with data: by its provider (`native`), by its instructions (`told`), "
        "or `none`. Else as its provider usually can.",
    )
    price: PriceSettings | None = Field(default=None, description="What it costs. Else as published.")
    ceiling: PriceSettings | None = Field(
        default=None, description="What is held and booked where nobody knows its price."
    )

    @property
    def provider(self) -> str:
        """The provider, as the settings call it."""
        return self.model.partition("/")[0]

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, given: object) -> object:
        return {"model": given} if isinstance(given, str) else given


class PoolSettings(_Declared):
    """Models that may stand in for one another."""

    models: tuple[PooledModelSettings, ...] = Field(description="At least one.")
    cache: CachePolicy = Field(
        default="never",
        description="Whether the same request is answered from memory: `never`, at `temperature_0`, or `always`.",
    )

    @property
    def shown(self) -> str:
        """Its models, in a line."""
        return ", ".join(each.model for each in self.models)

    @field_validator("models")
    @classmethod
    def _each_once(cls, models: tuple[PooledModelSettings, ...]) -> tuple[PooledModelSettings, ...]:
        if not models:
            raise PydanticCustomError(DECLARING, "has no model: name one as `provider/model`")
        names = [each.model for each in models]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PydanticCustomError(DECLARING, "has the model {model} twice", {"model": repr(twice)})
        return models


class ModelsSettings(_Declared):
    """All providers and pools."""

    providers: dict[ProviderName, ProviderSettings] = {}
    pools: dict[PoolName, PoolSettings] = {}

    @model_validator(mode="after")
    def _known_providers(self) -> ModelsSettings:
        for name, pool in self.pools.items():
            for each in pool.models:
                if each.provider not in self.providers:
                    known = ", ".join(self.providers) or "none"
                    facts = {"pool": name, "model": each.model, "provider": each.provider, "known": known}
                    raise PydanticCustomError(
                        DECLARING,
                        "has the pool `{pool}` with `{model}`, and no provider `{provider}` (there are: {known}): "
                        "declare it under [models.providers.{provider}]",
                        facts,
                    )
        return self

    @model_validator(mode="after")
    def _nothing_simulated_among_real(self) -> ModelsSettings:
        for name, pool in self.pools.items():
            kinds = {self.providers[each.provider].kind == "scripted" for each in pool.models}
            if len(kinds) > 1:
                raise PydanticCustomError(
                    DECLARING,
                    "has the pool `{pool}` with scripted models among real ones: a simulated answer never stands in "
                    "for a real one, so give them pools of their own",
                    {"pool": name},
                )
        return self


class ModelServer(_Declared):
    """One server of the OpenAI protocol that answers in place of every pool, whatever is declared."""

    url: str | None = None
    name: Annotated[str, Field(pattern=r"^[^\s]{1,200}$")] | None = None
    """The model to ask there; else `default`."""
    ceiling: UsdPerMillion | None = None
    """What any token is reckoned at, in US dollars for a million. Needed where nobody knows the price."""

    @field_validator("url")
    @classmethod
    def _usable_url(cls, url: str | None) -> str | None:
        if url is not None:
            check_url(url)
        return url
