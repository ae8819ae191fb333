from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calendars.text import InvalidValueError
from scheduler.delivery.mail import MailServer
from scheduler.settings import Settings, read_settings


def test_no_setting_is_needed() -> None:
    assert read_settings({"PATH": "/bin"}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "lianke.toml"
    file.write_text('port = 9000\nhost = "0.0.0.0"\n', encoding="utf-8")
    settings = read_settings({"LIANKE_SETTINGS": str(file), "LIANKE_PORT": "8081"})
    assert (settings.port, settings.host) == (8081, "0.0.0.0")  # noqa: S104 - nothing is bound


def test_a_moment_with_its_offset_starts_the_clock() -> None:
    settings = read_settings({"LIANKE_CLOCK_STARTS_AT": "2026-08-24T08:00:00+08:00"})
    assert settings.clock_starts_at == datetime(2026, 8, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("LIANKE_PROT", "8080", "prot"),
        ("LIANKE_PORT", "many", "port"),
        ("LIANKE_DATABASE", "mysql://x", "mysql://x"),
        ("LIANKE_CLOCK_STARTS_AT", "2026-08-24T08:00:00", "clock_starts_at"),
        ("LIANKE_SECRET_KEY", "short", "secret_key"),
        ("LIANKE_AUDIT_DAYS", "179", "audit_days"),
        ("LIANKE_SOLVER", "10.0.0.5:8786", "10.0.0.5:8786"),
        ("LIANKE_SOLVER_WIDTH", "0", "solver_width"),
        ("LIANKE_SMTP_HOST", "smtp.example.cn", "smtp_from"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, named: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        read_settings({name: value})
    assert named in refused.value.text.en
    assert named in refused.value.text.zh


def test_readers_reach_the_public_address() -> None:
    assert Settings(public_url="https://lianke.example/").address == "https://lianke.example"
    assert Settings().address == "http://127.0.0.1:8080"


def test_mail_goes_out_where_a_server_is_named() -> None:
    assert Settings().mail_server is None
    server = read_settings(
        {
            "LIANKE_SMTP_HOST": "smtp.example.cn",
            "LIANKE_SMTP_FROM": "lianke@example.cn",
            "LIANKE_SMTP_PORT": "465",
            "LIANKE_SMTP_STARTTLS": "false",
        }
    ).mail_server
    assert server == MailServer(
        host="smtp.example.cn", sender="lianke@example.cn", port=465, starttls=False
    )


def test_no_secret_shows_in_the_settings() -> None:
    settings = Settings(secret_key="k" * 32, smtp_password="hidden")  # noqa: S106 - opens nothing
    assert "kkk" not in repr(settings)
    assert "hidden" not in repr(settings)


def test_every_setting_is_documented() -> None:
    operations = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for field in fields(Settings):
        assert f"LIANKE_{field.name.upper()}" in operations
