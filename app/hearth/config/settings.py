"""The only definition of Hearth's settings: one TOML file, and credentials beside it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from hearth.config.engines import EngineSettings
from hearth.config.house import HubSettings, MemberSettings, PodSettings
from hearth.config.operation import BackupSettings, MonitoringSettings, UpdateSettings
from hearth.config.section import Login, Name, Section
from hearth.core.errors import BadConfiguration
from hearth.core.people import Role

SOCKET_PATH_BYTES = 100  # sun_path holds 108 with its terminator; the rest is for names
DRILL = "drill"  # the model server's caller that asks the restored pods' questions


class Settings(Section):
    """Everything that Hearth can be told."""

    zone: str = Field("UTC", description="The household's time zone, an IANA name.")
    currency: str = Field(
        "EUR", pattern=r"^[A-Z]{3}$", description="The household's currency, ISO 4217."
    )
    state_dir: Path = Field(
        Path("var"), description="Where databases and keys live; relative to this file."
    )
    runtime_dir: Path | None = Field(
        None, description="Where sockets live; a short path. Derived from `state_dir` when not set."
    )
    models_dir: Path | None = Field(
        None, description="Where model files live; the user's cache directory when not set."
    )
    hub: HubSettings = Field(default_factory=HubSettings, description="The front door.")
    engines: dict[Name, EngineSettings] = Field(
        default_factory=lambda: {"default": EngineSettings()},
        description="Model servers, by name.",
    )
    pods: dict[Name, PodSettings] = Field(default_factory=dict, description="Pods, by name.")
    members: dict[Login, MemberSettings] = Field(
        default_factory=dict,
        description="Members that the house starts with, by login; an owner when there are none.",
    )
    credentials_dir: Path | None = Field(
        None,
        description="Where credentials lie that `systemd-creds` encrypted, for commands that root "
        "runs outside a unit.",
    )
    backup: BackupSettings = Field(
        default_factory=BackupSettings, description="Backups and the restore drill."
    )
    update: UpdateSettings = Field(
        default_factory=UpdateSettings, description="Updates and the way back."
    )
    monitoring: MonitoringSettings = Field(
        default_factory=MonitoringSettings, description="What watches over the machine."
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("not an IANA time zone such as Europe/Berlin") from error
        return value

    @model_validator(mode="after")
    def _engines_exist(self) -> Settings:
        for name, pod in self.pods.items():
            if pod.engine not in self.engines:
                known = ", ".join(sorted(self.engines))
                raise ValueError(f"pods.{name}.engine: no engine {pod.engine!r}; known: {known}")
            adapters = self.engines[pod.engine].adapters
            if pod.adapter is not None and pod.adapter not in adapters:
                known = ", ".join(sorted(adapters)) or "none"
                raise ValueError(
                    f"pods.{name}.adapter: the engine {pod.engine!r} has no adapter "
                    f"{pod.adapter!r}; known: {known}"
                )
        return self

    @model_validator(mode="after")
    def _fallbacks_exist(self) -> Settings:
        for name, engine in self.engines.items():
            others = sorted(self.engines.keys() - {name})
            if engine.fallback is not None and engine.fallback not in others:
                known = f"known: {', '.join(others)}" if others else "there is no other"
                raise ValueError(
                    f"engines.{name}.fallback: no other engine {engine.fallback!r}; {known}"
                )
        return self

    @model_validator(mode="after")
    def _sockets_are_free(self) -> Settings:
        for name in sorted(self.pods.keys() & {"ops", DRILL}):
            raise ValueError(f"pods.{name}: this name is taken by a socket of the model server")
        return self

    @model_validator(mode="after")
    def _members_fit(self) -> Settings:
        if self.members and not any(m.role is Role.OWNER for m in self.members.values()):
            raise ValueError('members: one of them must have role = "owner"')
        for login, member in self.members.items():
            for pod in member.grants.keys() - self.pods.keys():
                raise ValueError(f"members.{login}.grants: there is no pod {pod!r}")
        return self

    # Where things lie. Every program asks here and nowhere else.

    def pod_dir(self, pod: str) -> Path:
        """A pod's own directory."""
        return self.state_dir / "pods" / pod

    def inbox_dir(self, pod: str, connector: str) -> Path:
        """Where a connector lays down what it fetched; it lies outside the pod's directory."""
        return self.state_dir / "inbox" / pod / connector

    @property
    def telegram_pods(self) -> list[str]:
        """The pods that can be asked over Telegram."""
        return [name for name, pod in self.pods.items() if pod.telegram is not None]

    def telegram_dir(self, pod: str) -> Path:
        """What the Telegram program of a pod remembers."""
        return self.state_dir / "telegram" / pod

    @property
    def hub_dir(self) -> Path:
        """The hub's own directory."""
        return self.state_dir / "hub"

    @property
    def keys_dir(self) -> Path:
        """Where keys lie on a machine without systemd credentials."""
        return self.state_dir / "keys"

    @property
    def staging(self) -> Path:
        """Where consistent copies of everything are laid out for the backup."""
        return self.backup.staging_dir or self.state_dir / "snapshots"

    @property
    def records(self) -> Path:
        """Where the results of backups and drills are written down."""
        return self.backup.record_dir or self.state_dir / "backups"

    @property
    def watch_dir(self) -> Path:
        """Where the monitoring's report lies."""
        return self.monitoring.report_dir or self.state_dir / "watch"

    @property
    def scratch(self) -> Path:
        """Where a backup is unpacked before it is trusted."""
        return self.backup.scratch_dir or self.state_dir / "scratch"

    @property
    def models(self) -> Path:
        """The folder of model files."""
        if self.models_dir is not None:
            return self.models_dir
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(cache) / "hearth" / "models"

    @property
    def runtime(self) -> Path:
        """The folder of sockets."""
        if self.runtime_dir is not None:
            return self.runtime_dir
        near = self.state_dir / "run"
        if len(os.fsencode(near)) + 40 <= SOCKET_PATH_BYTES:
            return near
        digest = hashlib.sha256(os.fsencode(self.state_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"hearth-{os.getuid()}-{digest}"

    def socket(self, program: str, caller: str) -> Path:
        """The Unix socket on which `program` listens for `caller`, and for nobody else."""
        return self.runtime / program / f"{caller}.sock"

    def engines_of(self, pod: str) -> list[str]:
        """The engines that a pod asks: its own, and that one's fallback where it has one."""
        own = self.pods[pod].engine
        fallback = self.engines[own].fallback
        return [own] if fallback is None else [own, fallback]

    def callers(self, engine: str) -> list[str]:
        """Who may call the model server of `engine`: its pods, and the drill where there is one."""
        pods = [pod for pod in self.pods if engine in self.engines_of(pod)]
        return pods if self.backup.repository is None else [*pods, DRILL]

    def credential(self, name: str) -> bytes:
        """A secret by name: systemd's credentials directory first, then `keys_dir`."""
        folders = [self.keys_dir]
        if directory := os.environ.get("CREDENTIALS_DIRECTORY"):
            folders.insert(0, Path(directory))
        for folder in folders:
            if (folder / name).is_file():
                return (folder / name).read_bytes()
        raise BadConfiguration(
            f"the credential {name!r} is missing",
            where=str(folders[0] / name),
            remedy="`hearth keys make` makes it; under systemd, add LoadCredential for it.",
        )


def engine_program(engine: str) -> str:
    """The name of the program that runs `engine`, by which its sockets lie."""
    return "inference" if engine == "default" else f"inference-{engine}"


def telegram_program(pod: str) -> str:
    """The name of the program that takes Telegram's messages to `pod`; the hub's caller too."""
    return f"telegram-{pod}"
