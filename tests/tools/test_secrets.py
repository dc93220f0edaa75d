"""A secret is filled in at the door and struck out of everything that comes back (rule 48)."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path

import pytest

from interlock.core.events import EffectDone, EffectFailed, EffectIntended, Error
from interlock.core.values import Secret
from interlock.tools import (
    AsyncToolContext,
    Done,
    Failed,
    SecretsNotRead,
    SecretText,
    StepFailed,
    ToolFailed,
    read_secrets,
    tool,
)
from tests.tools.doorstep import MemoryJournal, a_door, outcome_of, secrets, step_id

SPELLED = "tok-4711'\n-end"  # what quoting spells differently


@tool
async def fetch(url: str, headers: dict[str, str]) -> dict[str, object]:
    """Return more than it should."""
    return {"asked": url, "with": [headers["token"], f"Bearer {headers['token']}!"], headers["token"]: 1}


def test_a_handle_is_filled_in_wherever_it_stands_and_struck_out_of_the_result() -> None:
    """The tool gets the token; the log, the screen and the next node do not."""
    door = a_door(secrets=secrets({"token": SPELLED}))

    outcome = outcome_of(fetch, {"url": "x", "headers": {"token": Secret("token")}}, door=door)

    assert outcome == Done({"***": 1, "asked": "x", "with": ["***", "Bearer ***!"]})


def test_a_missing_secret_is_named_and_the_tool_is_not_called() -> None:
    """It says where to put it; there is nothing to retry."""
    outcome = outcome_of(fetch, {"url": "x", "headers": {"token": Secret("github_token")}})

    message = (
        "the secret `github_token` is not set: give it as INTERLOCK_SECRET_GITHUB_TOKEN, "
        "or as a line of .interlock/secrets.toml"
    )
    assert outcome == Failed(Error("invalid", message), retryable=False, calls=0)


def test_no_error_tells_a_secret_however_it_quotes_it() -> None:
    """Libraries put the request into their exceptions, and exceptions are recorded."""

    @tool
    async def quote(token: str) -> None:
        raise KeyError(token)

    @tool
    async def tell(token: str) -> None:
        raise ToolFailed(f"401 for {token}", kind="refused")

    @tool
    async def long_winded(token: str) -> None:
        raise ValueError("x" * 3_990 + token)

    door, handle = a_door(secrets=secrets({"token": SPELLED})), {"token": Secret("token")}
    outcomes = [outcome_of(function, handle, door=door) for function in (quote, tell, long_winded)]

    told = repr(outcomes)
    assert "4711" not in told
    assert "401 for ***" in told
    assert "tok-" not in told


def test_a_refused_input_does_not_tell_the_secret_in_it() -> None:
    """A validator's message shows the value that it refuses."""

    @tool
    async def count(token: int) -> None: ...

    outcome = outcome_of(count, {"token": Secret("token")}, door=a_door(secrets=secrets({"token": SPELLED})))

    assert isinstance(outcome, Failed)
    assert outcome.calls == 0
    assert "4711" not in repr(outcome)


def test_what_a_tool_journals_tells_no_secret() -> None:
    """Steps are events like any other; and a repeat reads what the first try got."""

    @tool
    async def work(token: str, ctx: AsyncToolContext) -> list[object]:
        nothing: dict[str, str] = {}
        ctx.progress(0.5, f"using {token}")
        ctx.heartbeat({"with": token})
        seen = await ctx.effect(f"use {token}", lambda: [token], key=token)
        try:
            await ctx.effect("break", lambda: nothing[token])
        except StepFailed as failed:
            return [seen, str(failed).startswith('KeyError: "***"')]
        return []

    journal = MemoryJournal()

    outcome = outcome_of(
        work, {"token": Secret("token")}, journal=journal, door=a_door(secrets=secrets({"token": SPELLED}))
    )

    assert outcome == Done([["***"], True], calls=3)
    assert journal.shown == [(0.5, "using ***")]
    assert journal.last_heartbeat == {"with": "***"}
    assert journal.recorded[:3] == [
        EffectIntended(1, step_id(1), "use ***", key="***"),
        EffectDone(1, step_id(1), ["***"]),
        EffectIntended(2, step_id(2), "break"),
    ]
    assert isinstance(journal.recorded[3], EffectFailed)
    assert "4711" not in repr(journal.recorded)


def test_a_secret_that_contains_another_leaves_nothing_behind() -> None:
    """The longer one goes first."""

    @tool
    async def join(a: str, b: str) -> str:
        return f"{a} {b}"

    door = a_door(secrets=secrets({"short": "abc", "long": "abcdef"}))

    assert outcome_of(join, {"a": Secret("short"), "b": Secret("long")}, door=door) == Done("*** ***")


def test_a_secret_prints_as_stars_everywhere(caplog: pytest.LogCaptureFixture) -> None:
    """Somebody will log the settings one day."""
    secret = SecretText(SPELLED)
    source = read_secrets({"INTERLOCK_SECRET_TOKEN": SPELLED})

    logging.getLogger("test").warning("%s %r %s", secret, secret, source)

    assert f"{secret} {secret!r} {source}" == "*** *** SecretSource(token)"
    assert "4711" not in caplog.text
    assert secret.reveal() == SPELLED
    with pytest.raises(TypeError, match="a secret is not pickled"):
        pickle.dumps(secret)


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    """A developer's file, and a deployment that says otherwise."""
    file = tmp_path / "secrets.toml"
    file.write_text('token = "from the file"\nother = "only here"\n')
    file.chmod(0o600)

    source = read_secrets({"INTERLOCK_SECRET_TOKEN": "from outside", "INTERLOCK_SECRET_EMPTY": ""}, file)

    found = [source.find(name) for name in ("token", "other", "empty", "unheard_of")]
    assert [secret and secret.reveal() for secret in found] == ["from outside", "only here", None, None]


def test_a_file_that_is_not_there_holds_no_secrets(tmp_path: Path) -> None:
    """Most projects have none."""
    assert repr(read_secrets({}, tmp_path / "secrets.toml")) == "SecretSource()"


def test_a_file_that_others_can_read_is_refused_and_says_how_to_mend_it(tmp_path: Path) -> None:
    """A secret in a readable file is none; better to say so than to use it."""
    file = tmp_path / "secrets.toml"
    file.write_text('token = "x"\n')
    file.chmod(0o640)

    with pytest.raises(SecretsNotRead) as refused:
        read_secrets({}, file)

    assert str(refused.value) == f"{file} can be read by others (mode 0640): run `chmod 600 {file}`"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("token = 7\n", '`token` must be text that is not empty: write `token = "value"`'),
        ('token = ""\n', '`token` must be text that is not empty: write `token = "value"`'),
        ("token: x-4711\n", "is not TOML"),
        (f"token = {'[' * 5000}\n", "is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_without_telling_what_is_in_it(
    tmp_path: Path, text: str, problem: str
) -> None:
    """The complaint ends up on a screen or in a log of a build."""
    file = tmp_path / "secrets.toml"
    file.write_text(text)
    file.chmod(0o600)

    with pytest.raises(SecretsNotRead) as refused:
        read_secrets({}, file)

    assert problem in str(refused.value)
    assert "4711" not in str(refused.value)
