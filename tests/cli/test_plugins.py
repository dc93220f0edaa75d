"""`interlock plugins`: what installed packages offer, and the setting that enables one."""

from __future__ import annotations

import sys

import pytest

from tests.cli.command_line import CommandLine

TOOLS = """
from interlock import tool

@tool(effect="read", risk="medium", hosts=("api.acme.example",))
def acme_look() -> str:
    return "seen"
"""


@pytest.fixture
def acme(interlock: CommandLine, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A project beside which a package with a tool is installed."""
    records = "site/acme_cli-1.0.dist-info"
    interlock.write("site/acme_cli/__init__.py", TOOLS)
    interlock.write(f"{records}/METADATA", "Metadata-Version: 2.1\nName: acme-cli\nVersion: 1.0\nSummary: Looks.\n")
    interlock.write(f"{records}/entry_points.txt", "[interlock.tools]\nall = acme_cli\n")
    monkeypatch.setattr(sys, "path", [str(interlock.folder / "site"), *sys.path])
    return interlock


def test_a_plugin_is_shown_with_what_it_may_do_and_how_it_is_enabled(acme: CommandLine) -> None:
    """One decides before its code has run here."""
    said = acme("plugins")

    assert said.code == 0
    assert 'acme-cli 1.0  not enabled: plugins = ["acme-cli"] in interlock.toml enables it\n' in said.out
    assert "  tool acme_look: effect read, risk medium; it may reach api.acme.example\n" in said.out


def test_only_an_enabled_plugin_is_used(acme: CommandLine) -> None:
    """What is installed for something else must not become a tool of an agent by that."""
    acme.graph("looks", "a: {tool: acme_look}")
    before = acme("graph", "check", "looks").code
    acme.write("interlock.toml", 'plugins = ["acme-cli"]\n')

    after = acme("graph", "check", "looks").code
    listed = {tool["tool"]: tool["source"] for tool in acme("tools", "--json").json["tools"]}
    shown = [each for each in acme("plugins", "--json").json["plugins"] if each["plugin"] == "acme-cli"]

    assert (before, after, listed["acme_look"]) == (2, 0, "plugin:acme-cli")
    assert [each["enabled"] for each in shown] == [True]


def test_a_plugin_that_is_not_installed_is_told(interlock: CommandLine) -> None:
    """A colleague's checkout may lack it."""
    interlock.write("interlock.toml", 'plugins = ["acme-gone"]\n')

    said = interlock("tools")

    assert said.code == 2
    assert "the plugin `acme-gone` is not installed" in said.err
