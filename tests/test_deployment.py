"""The files that docs/deployment.md gives are what systemd, nginx, Caddy and `lianke` take.

They are held to the tools themselves where these are installed, and to our side of them anywhere.
"""

import re
import shlex
import shutil
import socket
import subprocess
import sys
from configparser import ConfigParser
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scheduler.http.serving import ANSWER_SECONDS, ON_THEIR_WAY_SECONDS
from scheduler.jobs import PATIENCE_SECONDS
from scheduler.settings import FILE, PREFIX, Settings
from service import commands

DOCS: Final = Path(__file__).parents[1] / "docs"
DEPLOYMENT: Final = (DOCS / "deployment.md").read_text(encoding="utf-8")
_BLOCK: Final = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
_UNIT: Final = re.compile(r"`/etc/systemd/system/([^`]+)`")
INSTALLED: Final = "/opt/lianke/bin/lianke"
UNITS: Final = {
    _UNIT.findall(DEPLOYMENT[: each.start()])[-1]: each["text"]
    for each in _BLOCK.finditer(DEPLOYMENT)
    if each["language"] == "ini"
}
SETTINGS: Final = {f"{PREFIX}{each.name.upper()}" for each in fields(Settings)} | {FILE}


def block(language: str) -> str:
    """The one block of a language."""
    (found,) = [
        each["text"] for each in _BLOCK.finditer(DEPLOYMENT) if each["language"] == language
    ]
    return found


def unit(name: str) -> ConfigParser:
    read = ConfigParser(interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    read.read_string(UNITS[name])
    return read


def said_by(*command: str, **options: Any) -> str:
    """What a tool says; it must not fail."""
    ended = subprocess.run(  # noqa: S603 - tools of the machine, files of our own
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )
    assert ended.returncode == 0, ended.stderr
    return str(ended.stderr)


def test_every_unit_is_found() -> None:
    assert UNITS.keys() == {"lianke@.service", "lianke-backup.service", "lianke-backup.timer"}
    assert unit("lianke-backup.timer").has_option("Timer", "OnCalendar")


@pytest.mark.parametrize("name", [name for name in UNITS if name.endswith(".service")])
def test_a_unit_runs_commands_that_exist_with_settings_that_exist(name: str) -> None:
    group: Any = typer.main.get_command(commands)
    service = unit(name)["Service"]
    words = shlex.split(service["ExecStart"])
    if words[0] == "/bin/sh":
        words = shlex.split(words[-1].removeprefix("exec "))
    assert words[0] == INSTALLED
    assert words[1] in group.commands
    given = [each.partition("=")[0] for each in service.get("Environment", "").split()]
    assert {*given, *_settings_of(block("sh"))} <= SETTINGS
    assert service["EnvironmentFile"] == "/etc/lianke/lianke.env"


def _settings_of(environment: str) -> list[str]:
    return [line.partition("=")[0] for line in environment.splitlines()]


def test_every_setting_that_the_documents_name_exists() -> None:
    for document in DOCS.glob("*.md"):
        named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", document.read_text(encoding="utf-8")))
        # A name may stand for several, such as LIANKE_SMTP_*.
        assert {each for each in named if not each.endswith("_")} <= SETTINGS, document.name


def test_systemd_waits_for_as_long_as_a_stop_may_take() -> None:
    patience = float(unit("lianke@.service")["Service"]["TimeoutStopSec"])
    # aiohttp waits as long for open requests as for the connections that they came by.
    longest = Settings().drain_seconds + ON_THEIR_WAY_SECONDS + 2 * ANSWER_SECONDS
    assert patience > longest + PATIENCE_SECONDS


def test_systemd_takes_the_units_without_a_word(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        return
    for name, text in UNITS.items():
        program = str(Path(sys.prefix) / "bin" / "lianke")
        (tmp_path / name).write_text(text.replace(INSTALLED, program), encoding="utf-8")
    files = sorted(str(tmp_path / name) for name in UNITS)
    assert said_by("systemd-analyze", "verify", *files) == ""
    said_by("systemd-analyze", "calendar", unit("lianke-backup.timer")["Timer"]["OnCalendar"])


@pytest.mark.parametrize("language", ["nginx", "caddyfile"])
def test_a_proxy_leads_to_the_port_and_lets_nobody_see_the_metrics(language: str) -> None:
    text = block(language)
    assert f"127.0.0.1:{Settings().port}" in text
    assert re.search(r"/metrics (\{ deny all; \}|403)", text)
    most = re.search(r"(?:client_max_body_size|max_size) (\d+)[mM]", text)
    assert most is not None
    assert int(most[1]) > 1  # so that what is too large is refused in Lianke's own words


def test_nginx_writes_down_no_address_that_is_a_secret() -> None:
    (secret,) = re.findall(r"~(\^/\S+)\s", block("nginx"))
    for path in ("/feeds/token.ics", "/freebusy/token.ifb"):
        assert re.match(secret, path)
    assert "$logged_uri" in block("nginx").partition("log_format")[2].partition(";")[0]
    assert "$request_uri" not in block("nginx").partition("log_format")[2].partition(";")[0]


def test_nginx_takes_the_file(tmp_path: Path) -> None:
    if shutil.which("nginx") is None:
        return
    _write_certificate(tmp_path / "lianke.pem", tmp_path / "lianke.key")
    text = block("nginx")
    for given, instead in (
        ("listen 443", f"listen {_free_port()}"),
        ("listen 80", f"listen {_free_port()}"),
        ("listen [::]:443", f"listen [::1]:{_free_port()}"),
        ("listen [::]:80", f"listen [::1]:{_free_port()}"),
        ("/etc/ssl/private/", f"{tmp_path}/"),
        ("/etc/ssl/", f"{tmp_path}/"),
        ("/var/log/nginx/", f"{tmp_path}/"),
    ):
        assert given in text
        text = text.replace(given, instead)
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n", encoding="utf-8")
    log = str(tmp_path / "start.log")
    said_by("nginx", "-t", "-q", "-c", str(whole), "-p", str(tmp_path), "-e", log)


def test_caddy_takes_the_file(tmp_path: Path) -> None:
    if shutil.which("caddy") is None:
        return
    file = tmp_path / "Caddyfile"
    file.write_text(block("caddyfile"), encoding="utf-8")
    here = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    command = ("caddy", "adapt", "--adapter", "caddyfile", "--validate", "--config", str(file))
    said_by(*command, env=here)


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port: int = free.getsockname()[1]
        return port


def _write_certificate(certificate: Path, key: Path) -> None:
    """A certificate that names itself, for this minute."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lianke.example.cn")])
    begins = datetime(2026, 9, 1, tzinfo=UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(minutes=1))
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
