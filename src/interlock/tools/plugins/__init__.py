"""Plugins: installed packages that offer tools or agents. One is used only by a project whose settings name it.

What is installed is read from the packages' own records, without importing them.
"""

from interlock.tools.plugins.contracts import Offered, OfferUnreadable, offered_by
from interlock.tools.plugins.installed import Plugin, enabled_plugins, installed_plugins

__all__ = ["OfferUnreadable", "Offered", "Plugin", "enabled_plugins", "installed_plugins", "offered_by"]
