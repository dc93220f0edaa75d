"""The gateway that the settings mean, put together. A provider's library is imported when it is asked first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from interlock.core.plan import Micros
from interlock.models.declaring import ModelServer, ModelsSettings
from interlock.models.errors import PackageMissing
from interlock.models.gateway import ModelGateway
from interlock.models.keys import FindKey, ModelKey
from interlock.models.pacing import Sleep
from interlock.models.pools import DeclaredProvider, Pools
from interlock.models.prices import PublishedPrices
from interlock.models.provider import Provider


def make_gateway(
    declared: ModelsSettings,
    server: ModelServer,
    *,
    folder: Path,
    now: Callable[[], Micros],
    sleep: Sleep,
    find_key: FindKey,
) -> ModelGateway:
    """The gateway of a project. `folder` is the project's, where its scripts are."""

    def make_provider(name: str, provider: DeclaredProvider, key: ModelKey | None) -> Provider:
        return _provider(name, provider, key, folder=folder, now=now, sleep=sleep)

    pools = Pools(declared, server, PublishedPrices(now()))
    return ModelGateway(pools, make_provider=make_provider, now=now, sleep=sleep, find_key=find_key)


def _provider(
    name: str,
    declared: DeclaredProvider,
    key: ModelKey | None,
    *,
    folder: Path,
    now: Callable[[], Micros],
    sleep: Sleep,
) -> Provider:
    settings = declared.settings
    if settings.kind == "scripted":
        from interlock.models.scripted.provider import ScriptedProvider  # noqa: PLC0415 - only where there are scripts
        from interlock.models.scripted.reading import read_scripts  # noqa: PLC0415

        return ScriptedProvider(read_scripts(folder / settings.path), seed=settings.seed, sleep=sleep)
    if settings.kind == "openai_compatible" and not goes_through_proxy(settings.url):
        from interlock.models.compatible.provider import CompatibleProvider  # noqa: PLC0415 - as above

        return CompatibleProvider(
            url=settings.url, key=key, headers=settings.headers, connect_seconds=settings.connect_seconds, now=now
        )
    try:
        return _sdk_provider(name, declared, key, now)
    except ModuleNotFoundError as error:
        raise PackageMissing(settings.kind) from error


def goes_through_proxy(url: str) -> bool:
    """Whether the environment says that this address is reached through somebody else: libraries know how."""
    place = urlsplit(url)
    proxies = getproxies()
    return bool({place.scheme, "all"} & proxies.keys()) and not proxy_bypass(place.netloc)


def _sdk_provider(name: str, declared: DeclaredProvider, key: ModelKey | None, now: Callable[[], Micros]) -> Provider:
    # Each library takes one to two seconds to import, and is an extra.
    from interlock.models.sdk.provider import SdkProvider  # noqa: PLC0415

    settings = declared.settings
    if settings.kind == "anthropic":
        from interlock.models.sdk.anthropic import AnthropicConnection  # noqa: PLC0415

        connection = AnthropicConnection(
            url=settings.url, key=key, headers=settings.headers, connect_seconds=settings.connect_seconds
        )
    else:
        from interlock.models.sdk.openai import OpenAIConnection  # noqa: PLC0415

        connection = OpenAIConnection(
            name,
            url=settings.url,
            key=key,
            headers=settings.headers,
            connect_seconds=settings.connect_seconds,
            is_openai=settings.kind == "openai",
        )
    return SdkProvider(connection, now=now)
