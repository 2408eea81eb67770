from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.environment import REFUSALS, ROOT, Environment
from config.management.commands import document_settings

SECURE = {
    "DROPSTITCH_MODE": "production",
    "SECRET_KEY": "not-a-key-of-anybody-0123456789" * 2,
    "ALLOWED_HOSTS": "dropstitch.example",
    "PUBLIC_URL": "https://dropstitch.example",
    "TRUSTED_PROXY": "true",
    "LOG_SIGNING_KEY": "a" * 44,
    "LOG_MASTER_KEY": "b" * 44,
    "DATABASE_URL": "postgresql://app@db/dropstitch",
    "DATABASE_OWNER_URL": "postgresql://owner@db/dropstitch",
}
WEAKER = {
    "SECRET_KEY": "short",
    "ALLOWED_HOSTS": "*",
    "PUBLIC_URL": "http://dropstitch.example",
    "TRUSTED_PROXY": "false",
    "LOG_SIGNING_KEY": "",
    "LOG_MASTER_KEY": "",
    "DATABASE_OWNER_URL": SECURE["DATABASE_URL"],
}


def environment(**values: str) -> Environment:
    return Environment(**{name.lower(): value for name, value in {**SECURE, **values}.items()})


def test_production_starts_with_secure_settings():
    assert environment().insecure() == []


@pytest.mark.parametrize(("name", "value"), WEAKER.items())
def test_production_refuses_to_start_insecurely_and_says_why(name: str, value: str):
    with pytest.raises(ValueError, match=f"refusing to start in production: .*{name}"):
        environment(**{name: value})
    assert environment(DROPSTITCH_MODE="development", **{name: value})


def test_every_refusal_is_tested_here():
    assert len(WEAKER) == len(REFUSALS)


def test_a_value_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "key").write_text("f" * 64 + "\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.delenv("SECRET_KEY", raising=False)
    assert Environment().secret_key == "f" * 64


@pytest.mark.parametrize(
    ("name", "value"), [("MAX_BODY_BYTES", "12"), ("DATABASE_POOL", "many"), ("LOG_FORMAT", "xml")]
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: str):
    with pytest.raises(ValueError, match=name.lower()):
        environment(**{name: value})


def test_the_page_about_settings_is_up_to_date():
    call_command("document_settings", check=True)


def test_an_outdated_page_about_settings_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(document_settings, "PAGE", tmp_path / "configuration.md")
    with pytest.raises(CommandError, match="out of date"):
        call_command("document_settings", check=True)


def test_every_setting_is_described():
    for name, field in Environment.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_djangos_own_deployment_check_finds_nothing_in_production():
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    found = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**inherited, **SECURE, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr


def test_production_wants_https_and_says_so_to_browsers():
    code = (
        "import json; from config import settings as s; print(json.dumps([s.SECURE_HSTS_SECONDS,"
        " s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.DEBUG]))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**SECURE}, capture_output=True, timeout=60
    )
    assert json.loads(found.stdout) == [365 * 24 * 3600, True, True, True, False]
