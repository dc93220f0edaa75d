"""Providers and pools of models in the settings: what may be said, what overrides it, and how mistakes are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.settings import SettingsError, read_settings


def project(tmp_path: Path, text: str) -> Path:
    """A project folder whose `interlock.toml` says this."""
    (tmp_path / "interlock.toml").write_text(text)
    return tmp_path


@pytest.mark.parametrize("name", ["x-goog-api-key", "X-Auth-Token", "ocp-apim-subscription-key", "Cookie", "x-secret"])
def test_a_header_whose_name_speaks_of_a_key_is_refused(tmp_path: Path, name: str) -> None:
    """Settings are shown and checked in: what stands there is no secret any more."""
    text = f'[models.providers.a]\nkind = "openai"\nheaders = {{{name} = "planted"}}\n'

    with pytest.raises(SettingsError) as refused:
        read_settings(environment={}, folder=project(tmp_path, text))

    assert f"has `{name}`, which is shown to whoever reads settings: name a key by `key`" in str(refused.value)
    assert "planted" not in str(refused.value)


def test_models_are_listed_with_the_line_they_stand_in(tmp_path: Path) -> None:
    """Whoever wonders why another model answers looks for the line that says so."""
    text = '[models.providers.own]\nkind = "scripted"\n\n[models.pools.default]\nmodels = ["own/scripted"]\n'
    listed = {name: (value, str(origin)) for name, value, origin in _listed(project(tmp_path, text))}

    file = tmp_path / "interlock.toml"
    assert listed["models.providers.own"] == ("scripted models", f"{file}:1")
    assert listed["models.pools.default"] == ("own/scripted", f"{file}:4")


def test_one_variable_names_a_server_for_every_pool(tmp_path: Path) -> None:
    """The same project runs against any server of the protocol without a change to its files."""
    environment = {"INTERLOCK_MODEL_URL": "http://localhost:8000/v1"}

    configured = read_settings(environment=environment, folder=project(tmp_path, ""))

    assert configured.settings.model.url == "http://localhost:8000/v1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            '[models.providers.a]\nkind = "opena"\n',
            (
                "1: `models.providers.a.kind` should be `openai`, `anthropic`, `openai_compatible` or `scripted`, "
                "not 'opena'"
            ),
        ),
        (
            '[models.providers.a]\nkind = "openai"\nspeed = 4\n',
            (
                "1: `models.providers.a.speed` is no setting; there are: kind, url, key, headers, path, seed, "
                "concurrency, queue, requests_per_minute, tokens_per_minute, attempts, connect_seconds, "
                "first_token_seconds, whole_seconds"
            ),
        ),
        (
            '[models.providers.a]\nkind = "openai_compatible"\n',
            "1: `models.providers.a` needs a `url`, such as `http://localhost:11434/v1`",
        ),
        (
            '[models.providers.a]\nkind = "openai"\nheaders = {Authorization = "x"}\n',
            (
                "1: `models.providers.a.headers` has `Authorization`, which is shown to whoever reads settings: "
                "name a key by `key`"
            ),
        ),
        (
            "[models.pools.default]\nmodels = []\n",
            "1: `models.pools.default.models` has no model: name one as `provider/model`",
        ),
        (
            '[models.pools.default]\nmodels = ["a/b"]\n',
            (
                "1: `models` has the pool `default` with `a/b`, and no provider `a` (there are: none): "
                "declare it under [models.providers.a]"
            ),
        ),
        (
            '[models.pools.default]\nmodels = ["gpt"]\n',
            "1: `models.pools.default.models.0.model` should be `provider/model`, not 'gpt'",
        ),
        (
            (
                '[models.providers.a]\nkind = "openai"\n[models.providers.s]\nkind = "scripted"\n'
                '[models.pools.p]\nmodels = ["a/m", "s/m"]\n'
            ),
            (
                "1: `models` has the pool `p` with scripted models among real ones: a simulated answer never stands "
                "in for a real one, so give them pools of their own"
            ),
        ),
        ("models = 3\n", "1: `models` should be a table, not 3"),
        ('[model]\nurl = "nowhere"\n', "2: `model.url` is no address of a server: write `https://host/v1`"),
    ],
)
def test_mistakes_are_told_with_the_line_and_what_to_write(tmp_path: Path, text: str, told: str) -> None:
    """Settings are written by hand and seldom: the message has to be enough."""
    with pytest.raises(SettingsError) as refused:
        read_settings(environment={}, folder=project(tmp_path, text))

    assert refused.value.problems == (f"{tmp_path / 'interlock.toml'}:{told}",)


@pytest.mark.parametrize(
    "line",
    ['key = "sk-proj-SECRET"', 'url = "https://me:SECRET@host/v1"', 'url = "https://host/v1?key=SECRET"'],
)
def test_a_key_that_stands_in_the_settings_by_mistake_is_not_repeated(tmp_path: Path, line: str) -> None:
    """Errors are pasted into chats and tickets."""
    with pytest.raises(SettingsError) as refused:
        read_settings(
            environment={}, folder=project(tmp_path, f'[models.providers.a]\nkind = "openai_compatible"\n{line}\n')
        )

    assert "SECRET" not in str(refused.value)


def _listed(folder: Path) -> list[tuple[str, object, object]]:
    return list(read_settings(environment={}, folder=folder).listed())
