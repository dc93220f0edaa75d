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
_HEADERS_OF_KEYS: Final = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_MODEL_NAME: Final = r"^[a-z][a-z0-9_-]{0,62}/[^\s]{1,200}$"


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProviderSettings(_Declared):
    """Whoever answers for models: how it is reached, how often it may be asked, how long it is waited for."""

    kind: Kind
    url: str = ""
    """Where it is reached. Needed for what only speaks OpenAI's protocol; the others have one of their own."""
    key: Annotated[str, Field(pattern=KEY_NAME)] | None = None
    """The name of the secret that is its key."""
    headers: dict[str, str] = {}
    """Sent along with every request. They are shown with the settings: a secret does not belong here."""
    path: str = "models"
    """Of scripts: the folder they are in, or one file."""
    seed: int = 1
    """Of scripts: what chance is drawn from."""
    concurrency: Positive = 16
    queue: Positive = 1_000
    """How many calls may wait for their turn; one more is refused."""
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    attempts: Positive = ATTEMPTS_MAX
    connect_seconds: Seconds = 10
    first_token_seconds: Seconds = 60
    whole_seconds: Seconds = 300

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
            if name.lower() in _HEADERS_OF_KEYS:
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

    input: UsdPerMillion
    output: UsdPerMillion
    cached: UsdPerMillion | None = None
    """Input that the provider had at hand; else as any other."""
    call: UsdPerMillion = Decimal(0)


class PooledModelSettings(_Declared):
    """A model of a pool. Alone, its name may stand for the whole."""

    model: Annotated[str, Field(pattern=_MODEL_NAME)]
    """`provider/model`."""
    quality: QualityTier = "balanced"
    safety: SafetyTier = "basic"
    weight: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Its share of the pool's calls. Where no model of the pool has one, the best is chosen."""
    context: Positive | None = None
    latency_seconds: Seconds | None = None
    """How long an answer takes, until it was measured."""
    tools: bool = True
    structured: Structured | None = None
    """How it is brought to answer with data; else as its provider usually can."""
    price: PriceSettings | None = None
    ceiling: PriceSettings | None = None
    """What is held and booked where nobody knows its price."""

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

    models: tuple[PooledModelSettings, ...]
    cache: CachePolicy = "never"
    """Whether the same request is answered from memory: never, where it asks for temperature 0, or always."""

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
