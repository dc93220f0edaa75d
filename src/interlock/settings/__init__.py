"""Settings: what may be set, from where each value came, and what is wrong with those that were given."""

from __future__ import annotations

from interlock.settings.configured import Configured
from interlock.settings.declaring import (
    SETTING_NAMES,
    LimitSettings,
    RetentionSettings,
    ServerSettings,
    Settings,
    SlotSettings,
    WorkerSettings,
)
from interlock.settings.layers import ENVIRONMENT_PREFIX
from interlock.settings.reading import SettingsError, read_settings

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SETTING_NAMES",
    "Configured",
    "LimitSettings",
    "RetentionSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "SlotSettings",
    "WorkerSettings",
    "read_settings",
]
