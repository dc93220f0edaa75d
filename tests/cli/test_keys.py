"""`interlock keys`: API keys made, listed and revoked from the command line."""

from __future__ import annotations

import pytest

from interlock.cli.completion import key_ids, key_roles, key_scopes
from tests.cli.command_line import CommandLine, commands_in

DAY = 86_400_000_000


def test_a_new_key_is_alone_on_standard_output(interlock: CommandLine) -> None:
    """`interlock keys create ci > ci.key` must hold the key and nothing else."""
    said = interlock("keys", "create", "ci", "--scope", "runs", "--scope", "costs:read", "--role", "viewer")

    assert said.code == 0
    assert said.out.startswith("ilk_")
    assert said.out.count("\n") == 1
    assert said.err == (
        "The key of ci, viewer of tenant local, for costs:read, runs, until it is revoked.\n"
        "It is shown this once and kept nowhere: put it where it is needed now.\n"
    )


def test_keys_are_listed_without_what_they_are(interlock: CommandLine) -> None:
    """A list is shown around, and must help nobody to call."""
    interlock("keys", "create", "board", "--role", "viewer", "--by", "ada")
    made = interlock("keys", "create", "ci", "--tenant", "acme", "--expires", "90d", "--by", "ada", "--json").json
    text = made.pop("key")

    said = interlock("keys", "list", "--json")

    assert said.json["keys"][0] == made
    assert made["expires_at"] - made["created_at"] == pytest.approx(90 * DAY, abs=60_000_000)
    assert {name: made[name] for name in ("tenant", "name", "role", "scopes", "created_by", "status")} == {
        "tenant": "acme",
        "name": "ci",
        "role": "operator",
        "scopes": [],
        "created_by": "ada",
        "status": "valid",
    }
    assert [row["name"] for row in said.json["keys"]] == ["ci", "board"]
    assert text.split("_")[2] not in said.out + interlock("keys").out


def test_the_keys_of_one_tenant_are_listed_alone(interlock: CommandLine) -> None:
    """Where there are many tenants nobody reads through them all."""
    interlock("keys", "create", "ci", "--tenant", "acme")
    interlock("keys", "create", "board")

    listed = interlock("keys", "--tenant", "acme", "--json").json["keys"]

    assert [(row["tenant"], row["name"]) for row in listed] == [("acme", "ci")]


def test_a_revoked_key_is_listed_as_such(interlock: CommandLine) -> None:
    """Whoever wonders why a build is refused finds it where they look first."""
    key = interlock("keys", "create", "ci", "--json").json["id"]

    said = interlock("keys", "revoke", key, "--by", "ada")
    again = interlock("keys", "revoke", key, "--by", "bob", "--json")

    told = f"the key {key} of ci opens nothing any more: it was revoked by ada\n"
    assert (said.code, said.out) == (0, told)
    assert (again.code, again.json["status"], again.json["revoked_by"]) == (0, "revoked", "ada")
    assert interlock("keys").out.splitlines()[1].endswith("revoked")


def test_where_there_are_no_keys_the_line_that_makes_one_is_told(interlock: CommandLine) -> None:
    """An empty table would say less than nothing. Whoever only looks makes no store."""
    said = interlock("keys")

    assert (said.code, said.out) == (0, "no API keys: make one with\n  interlock keys create NAME\n")
    assert commands_in(said.out) == ["interlock keys create NAME"]
    assert interlock("keys", "--json").json == {"keys": []}
    assert not (interlock.folder / ".interlock").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "ci", "--role", "boss"], "'boss' is not a role: there are owner, operator, viewer"),
        (["create", "ci", "--scope", "run"], "'run' is not a scope: did you mean runs?"),
        (["create", "ci", "--tenant", "ACME"], "'ACME' cannot be the name of a tenant"),
        (["create", "ci", "--expires", "90"], "--expires: `90` is not a duration; write a number and a unit"),
        (["create", " "], "a key needs a name"),
    ],
)
def test_a_key_that_cannot_be_made_is_refused_with_what_to_write(
    interlock: CommandLine, words: list[str], told: str
) -> None:
    """What is wrong is found by whoever typed it, and not by whoever is handed the key."""
    said = interlock("keys", *words)

    assert (said.code, said.out, told in said.err) == (2, "", True)


def test_a_key_that_is_not_there_cannot_be_revoked(interlock: CommandLine) -> None:
    """Whoever mistypes the id of a leaked key must not believe that it is dead."""
    interlock("keys", "create", "ci")

    said = interlock("keys", "revoke", "79e2980e8d97")

    assert (said.code, said.err) == (
        2,
        "error: there is no API key with the id '79e2980e8d97': see `interlock keys list`\n",
    )


def test_the_shell_offers_roles_scopes_and_the_keys_that_open_something(interlock: CommandLine) -> None:
    """Nobody types twelve digits, and a key that is revoked need not be revoked."""
    dead, alive = (interlock("keys", "create", name, "--json").json["id"] for name in ("old", "new"))
    interlock("keys", "revoke", dead)

    assert key_ids("") == [(alive, "new, operator of local")]
    assert key_roles("o") == ["owner", "operator"]
    assert key_scopes("run") == ["runs", "runs:read"]


def test_the_shell_offers_no_keys_where_nothing_is_kept(interlock: CommandLine) -> None:
    """A key pressed changes nothing and prints nothing."""
    assert key_ids("") == []
    assert not (interlock.folder / ".interlock").exists()
