"""The settings: one TOML file, one definition."""

from hearth.config.channels import TelegramSettings
from hearth.config.connectors import ConnectorSettings, connector_program
from hearth.config.engines import EngineSettings
from hearth.config.house import HubSettings, MemberSettings, PodSettings
from hearth.config.loading import load
from hearth.config.operation import BackupSettings, MonitoringSettings, UpdateSettings, is_folder
from hearth.config.settings import DRILL, Settings, engine_program, telegram_program

__all__ = [
    "DRILL",
    "BackupSettings",
    "ConnectorSettings",
    "EngineSettings",
    "HubSettings",
    "MemberSettings",
    "MonitoringSettings",
    "PodSettings",
    "Settings",
    "TelegramSettings",
    "UpdateSettings",
    "connector_program",
    "engine_program",
    "is_folder",
    "load",
    "telegram_program",
]
