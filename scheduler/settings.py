"""What an operator decides. Read once, by service.py, and handed on as plain values."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from scheduler.delivery.mail import MailServer
from scheduler.errors import InvalidValueError
from scheduler.explain import explain
from scheduler.model import KEPT_AT_LEAST
from scheduler.secrets import SHORTEST_KEY, Keyring
from scheduler.workers import PROCESSES, SCHEDULERS, Workers

PREFIX: Final = "LIANKE_"
FILE: Final = "LIANKE_SETTINGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One field a setting: `LIANKE_PORT=8080`, or `port = 8080` in the file of LIANKE_SETTINGS.

    `database` is an SQLAlchemy address of SQLite or PostgreSQL. `public_url` is where readers reach
    the service, for the addresses of feeds. `clock_starts_at` makes the service believe it was
    started at that moment, for demonstrations and drills. For `drain_seconds` after the signal to
    stop, requests are still let in. `secret_key` seals what is kept secret in
    the database; older keys may follow after commas. Mail goes out where `smtp_host` is set.
    Robots are called at their vendors' hosts, and at those of `robot_hosts` ("host:port", commas
    between). What happened longer than `audit_days` ago is forgotten, and what
    people were told longer than `notice_days` ago. Reverse proxies at the addresses
    `trusted_proxies` are believed about whom they heard from. Plans are searched for in
    threads, in "processes", or by the workers of the Dask scheduler at the address `solver`, with
    `solver_width` tasks at once.
    """

    database: str = "sqlite+aiosqlite:///lianke.sqlite"
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""
    clock_starts_at: datetime | None = None
    drain_seconds: Annotated[float, Meta(ge=0, le=60)] = 1.0
    secret_key: str = field(default="", repr=False)
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_user: str = ""
    smtp_password: str = field(default="", repr=False)
    smtp_from: str = ""
    smtp_starttls: bool = True
    robot_hosts: str = ""
    import_hosts: str = ""
    audit_days: int = 730
    notice_days: Annotated[int, Meta(ge=30)] = 365
    trusted_proxies: str = ""
    solver: str = ""
    solver_width: Annotated[int, Meta(ge=1, le=1000)] = 2

    def __post_init__(self) -> None:
        if not self.database.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise InvalidValueError(
                f"database {self.database!r} 应以 sqlite+aiosqlite:// 或 "
                "postgresql+asyncpg:// 开头。",
                f"database {self.database!r} must begin with sqlite+aiosqlite:// or "
                "postgresql+asyncpg://.",
            )
        if self.clock_starts_at is not None and self.clock_starts_at.tzinfo is None:
            raise InvalidValueError(
                "clock_starts_at 必须带时区偏移。", "clock_starts_at must carry an offset."
            )
        if self.solver not in ("", PROCESSES) and not self.solver.startswith(SCHEDULERS):
            raise InvalidValueError(
                f"solver 应留空，或为 processes，或为 Dask 调度器的地址（如 tcp://10.0.0.5:8786），"
                f"而不是 {self.solver!r}。",
                "solver must be empty, or processes, or the address of a Dask scheduler such as "
                f"tcp://10.0.0.5:8786, not {self.solver!r}.",
            )
        if self.audit_days < KEPT_AT_LEAST.days:
            raise InvalidValueError(
                f"操作日志至少保留 {KEPT_AT_LEAST.days} 天，而不是 audit_days {self.audit_days}。",
                f"The audit is kept for {KEPT_AT_LEAST.days} days at least, not for audit_days "
                f"{self.audit_days}.",
            )
        if any(len(key) < SHORTEST_KEY for key in self._keys()):
            raise InvalidValueError(
                f"secret_key 的每个密钥至少 {SHORTEST_KEY} 个字符。",
                f"Every key in secret_key needs at least {SHORTEST_KEY} characters.",
            )
        if self.smtp_host and "@" not in self.smtp_from:
            raise InvalidValueError(
                f"设置了 smtp_host 时，smtp_from 应为发件地址，而不是 {self.smtp_from!r}。",
                f"With smtp_host, smtp_from must be the sender's address, not {self.smtp_from!r}.",
            )

    @property
    def workers(self) -> Workers:
        """Who helps with the search for a plan."""
        return Workers(self.solver, self.solver_width)

    @property
    def address(self) -> str:
        """Where readers reach the service, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def keyring(self) -> Keyring:
        """What seals and opens the secrets in the database."""
        return Keyring(self._keys())

    @property
    def mail_server(self) -> MailServer | None:
        """The server that takes mail, if there is one."""
        if not self.smtp_host:
            return None
        return MailServer(
            host=self.smtp_host,
            sender=self.smtp_from,
            port=self.smtp_port,
            user=self.smtp_user,
            password=self.smtp_password,
            starttls=self.smtp_starttls,
        )

    @property
    def allowed_robot_hosts(self) -> frozenset[str]:
        """Where robots may be called besides their vendors' hosts."""
        return _places(self.robot_hosts)

    @property
    def allowed_import_hosts(self) -> frozenset[str]:
        """Where calendars may be fetched although it is no public host."""
        return _places(self.import_hosts)

    @property
    def believed_proxies(self) -> frozenset[str]:
        """Whose X-Forwarded-For is believed."""
        return _places(self.trusted_proxies)

    def _keys(self) -> tuple[str, ...]:
        return tuple(key for key in self.secret_key.split(",") if key)


def _places(hosts: str) -> frozenset[str]:
    return frozenset(place.strip().lower() for place in hosts.split(",") if place.strip())


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of the environment, which win over those of the file it names."""
    names = {field.name for field in fields(Settings)}
    chosen: dict[str, object] = {}
    if FILE in environment:
        chosen |= tomllib.loads(Path(environment[FILE]).read_text(encoding="utf-8"))
    chosen |= {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name != FILE
    }
    if unknown := sorted(set(chosen) - names):
        raise InvalidValueError(
            f"没有名为 {'、'.join(unknown)} 的设置，可用：{'、'.join(sorted(names))}。",
            f"There is no setting {', '.join(unknown)}; there are {', '.join(sorted(names))}.",
        )
    try:
        return msgspec.convert(chosen, Settings, strict=False)
    except msgspec.ValidationError as error:
        text = explain(error)
        raise InvalidValueError(f"设置有误：{error}：{text.zh}", f"{error}: {text.en}") from None
