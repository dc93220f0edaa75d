"""`interlock models`: what may be asked, whether it answers, and which one is chosen, from the command line."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from interlock.cli.completion import model_names, pool_names
from tests.cli.command_line import CommandLine

POOLS = """\
[models.providers.openai]
kind = "openai"

[models.providers.own]
kind = "openai_compatible"
url = "{url}"

[models.pools.default]
models = [
  {{model = "own/small", quality = "cheap", price = {{input = "1", output = "2"}}}},
  {{model = "own/large", quality = "quality", price = {{input = "10", output = "20"}}}},
  "own/unpriced",
  "openai/gpt-5-mini",
]
"""
SCRIPTED = '[models.providers.script]\nkind = "scripted"\n'
NO_SERVER = "http://127.0.0.1:9/v1"
ANSWER = (
    b'{"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [{"index": 0, '
    b'"finish_reason": "stop", "message": {"role": "assistant", "content": "ok"}}], '
    b'"usage": {"prompt_tokens": 20, "completion_tokens": 1, "total_tokens": 21}}'
)


class _Answering(BaseHTTPRequestHandler):
    """A model that says one word."""

    def do_POST(self) -> None:  # the name is http.server's
        """Answer."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Generator[str]:
    """The address of a server with a model that says one word."""
    with HTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_models_are_listed_with_their_prices_and_what_keeps_them_from_being_asked(interlock: CommandLine) -> None:
    """Whoever sets models up wants to know before the first run what is missing."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))

    listed = interlock("models", "list", "--json").json["models"]

    assert [(each["name"], each["key"], each["trouble"]) for each in listed] == [
        ("own/small", None, None),
        ("own/large", None, None),
        ("own/unpriced", None, "its price is unknown: declare its `price`, or a `ceiling` to reckon with"),
        (
            "openai/gpt-5-mini",
            "openai_key",
            (
                "its key is missing: give the secret `openai_key` as INTERLOCK_SECRET_OPENAI_KEY "
                "or in .interlock/secrets.toml"
            ),
        ),
    ]
    assert listed[0]["price"]["output"] == 2_000_000
    assert listed[3]["price"]["source"] == "published"


def test_a_project_without_models_says_where_they_are_declared(interlock: CommandLine) -> None:
    """The command is found before the setting."""
    assert interlock("models", "list").out == (
        "no models: declare some under [models] in interlock.toml, or set INTERLOCK_MODEL_URL\n"
        "(until then scripts answer for the agents that come along, and for no other, unless `packaged` is false)\n"
    )


def test_a_model_is_asked_for_real_and_its_cost_is_told(interlock: CommandLine) -> None:
    """A key that works and a price that is right are seen only by a call."""
    with answering() as url:
        interlock.write("interlock.toml", POOLS.format(url=url))
        said = interlock("models", "test", "own/small", "--json")

    [tested] = said.json["models"]
    assert (said.code, tested["well"], tested["said"], tested["usd"], tested["tokens"]) == (0, True, "ok", 22, 21)


def test_a_model_that_does_not_answer_is_told_and_ends_the_command_badly(interlock: CommandLine) -> None:
    """Scripts rely on the exit code."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))

    said = interlock("models", "test", "own/unpriced")

    assert said.code == 1
    assert said.out == (
        "✗ own/unpriced: refused: its price is unknown: declare its `price`, or a `ceiling` to reckon with\n"
    )


def test_of_a_scripted_model_the_scripts_are_checked(interlock: CommandLine) -> None:
    """Nobody is asked there: what can be wrong is what was written, and it is told with its line."""
    interlock.write("interlock.toml", SCRIPTED)
    interlock.write("models/planner.yaml", "turns:\n  - sy: hello\n")

    said = interlock("models", "test")

    assert said.code == 1
    assert "models/planner.yaml:2:5: error: `sy` is no key here" in said.out
    assert "did you mean `say`?" in said.out


def test_a_choice_is_explained_with_every_model_and_why_it_is_out(interlock: CommandLine) -> None:
    """A surprising bill is understood by seeing what else could have been asked."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))

    said = interlock("models", "route", "--explain", "--quality", "balanced", "--tokens", "1000", "--tokens-max", "500")

    assert said.code == 0
    assert said.out.splitlines() == [
        "own/large  (the only one that may answer; $0.02 and 1,500 tokens are held)",
        "✗ own/small: its quality is cheap, and at least balanced is asked for",
        "→ own/large: $0.02 at most, 1,500 tokens, quality quality",
        "✗ own/unpriced: its price is unknown: declare its `price`, or a `ceiling` to reckon with",
        (
            "✗ openai/gpt-5-mini: its key is missing: give the secret `openai_key` as INTERLOCK_SECRET_OPENAI_KEY "
            "or in .interlock/secrets.toml"
        ),
    ]


def test_a_choice_that_leaves_nobody_ends_badly(interlock: CommandLine) -> None:
    """As a run would."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))

    said = interlock("models", "route", "--safety", "maximum", "--json")

    assert (said.code, said.json["chain"], said.json["error"]["kind"]) == (1, [], "refused")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["test", "own/smal"], "there is no model and no pool 'own/smal'; did you mean `own/small`?"),
        (["route", "--quality", "best"], "'best' is no tier; there are: cheap, balanced, quality"),
        (["route", "--usd-max", "much"], "--usd-max 'much' is no amount of US dollars: write one such as 0.05"),
        (["route", "--latency-max", "5"], "--latency-max: `5` is not a duration"),
    ],
)
def test_what_cannot_be_meant_is_told(interlock: CommandLine, words: list[str], told: str) -> None:
    """A typing mistake costs a moment and no search."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))

    said = interlock("models", *words)

    assert said.code == 2
    assert told in said.err


def test_one_variable_puts_a_server_in_place_of_every_pool(
    interlock: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same project is tried against another server without touching its files."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))
    monkeypatch.setenv("INTERLOCK_MODEL_URL", "http://localhost:8000/v1")
    monkeypatch.setenv("INTERLOCK_MODEL_NAME", "qwen3")

    [listed] = interlock("models", "list", "--json").json["models"]

    assert (listed["pool"], listed["name"], listed["trouble"]) == ("default", "server/qwen3", None)


def test_the_shell_offers_pools_and_models(interlock: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of models are long."""
    interlock.write("interlock.toml", POOLS.format(url=NO_SERVER))
    monkeypatch.chdir(interlock.folder)

    assert pool_names("d") == ["default"]
    assert model_names("own/") == ["own/large", "own/small", "own/unpriced"]
