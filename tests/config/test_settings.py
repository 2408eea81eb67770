from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config.environment import ROOT, Environment
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
