"""`interlock plugins`: installed packages that offer tools or agents, what those may do, and which are enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlock.cli.failures import ExitCode
from interlock.cli.options import AsJson

if TYPE_CHECKING:
    from rich.console import Console

    from interlock.tools.plugins import Offered, Plugin


def plugins(*, as_json: AsJson = False) -> int:
    """List what installed packages offer, with what each tool may do, before it is enabled.

    To read that, each package is imported in a process of its own, without this environment; no tool is called. A
    project uses those that `plugins` in interlock.toml names, and imports no other.
    """
    from interlock.cli.opening import configured
    from interlock.cli.output import console, print_json
    from interlock.tools.plugins import installed_plugins
    from interlock.tools.plugins.installed import normal_name

    enabled = {normal_name(name) for name in configured().settings.plugins}
    found = [(plugin, *_read(plugin)) for plugin in installed_plugins()]
    if as_json:
        print_json({"plugins": [_as_json(plugin, tools, why, enabled) for plugin, tools, why in found]})
        return ExitCode.SUCCEEDED
    for plugin, tools, why in found:
        _print(console(), plugin, tools, why, is_enabled=plugin.name in enabled)
    if not found:
        console().print("no installed package offers tools or agents", markup=False)
    return ExitCode.SUCCEEDED


def _read(plugin: Plugin) -> tuple[list[Offered], str]:
    """The plugin's tools, or why they cannot be read."""
    from interlock.tools.plugins import OfferUnreadable, offered_by

    try:
        return offered_by(plugin), ""
    except OfferUnreadable as error:
        return [], str(error)


def _as_json(plugin: Plugin, tools: list[Offered], why: str, enabled: set[str]) -> dict[str, Any]:
    from interlock.showing.json import plain_data
    from interlock.showing.tools import tool_terms

    return {
        "plugin": plugin.name,
        "version": plugin.version,
        "summary": plugin.summary,
        "enabled": plugin.name in enabled,
        "agents": [point.name for point in plugin.agents],
        "tools": [{"tool": each.contract.name, **plain_data(tool_terms(each.contract))} for each in tools],
        "unreadable": why or None,
    }


def _print(console: Console, plugin: Plugin, tools: list[Offered], why: str, *, is_enabled: bool) -> None:
    from interlock.cli.output import plain
    from interlock.tools.needs_in_words import needs_in_words

    state = "enabled" if is_enabled else f'not enabled: plugins = ["{plugin.name}"] in interlock.toml enables it'
    console.print(f"{plain(plugin.name)} {plain(plugin.version)}  {state}", style="bold", markup=False)
    if plugin.summary:
        console.print(f"  {plain(plugin.summary)}", style="dim", markup=False, soft_wrap=True)
    for each in tools:
        needs = needs_in_words(each.terms)
        told = f"  tool {each.contract.name}: effect {each.contract.effect}, risk {each.terms.risk}"
        console.print(plain(told + (f"; it may {needs}" if needs else "")), markup=False, soft_wrap=True)
    if plugin.agents:
        console.print(
            f"  agents {plain(', '.join(point.name for point in plugin.agents))}", markup=False, soft_wrap=True
        )
    if why:
        console.print(f"  its tools cannot be read: {plain(why)}", style="red", markup=False, soft_wrap=True)
