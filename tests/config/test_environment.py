"""Production refuses insecure values, and says which."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from config.environment import INSECURE_KEY, REFUSALS, Environment

SECURE: dict[str, Any] = {
    "dropstitch_mode": "production",
    "secret_key": "k" * 50,
    "allowed_hosts": "dropstitch.example",
    "public_url": "https://dropstitch.example",
    "trusted_proxy": True,
    "database_url": "postgresql://dropstitch_app@db/dropstitch",
    "database_owner_url": "postgresql://dropstitch_owner@db/dropstitch",
    "log_signing_key": "A" * 43 + "=",
    "log_master_key": "A" * 43 + "=",
}
INSECURE = [
    ({"secret_key": INSECURE_KEY}, "SECRET_KEY is the development key"),
    ({"secret_key": "short"}, "SECRET_KEY is the development key or shorter than 50"),
    ({"allowed_hosts": "*"}, "ALLOWED_HOSTS allows every host"),
    ({"public_url": "http://dropstitch.example"}, "PUBLIC_URL is not https"),
    ({"trusted_proxy": False}, "TRUSTED_PROXY is off"),
    ({"log_signing_key": ""}, "LOG_SIGNING_KEY is missing"),
    ({"log_master_key": ""}, "LOG_MASTER_KEY is missing"),
    ({"database_owner_url": SECURE["database_url"]}, "DATABASE_OWNER_URL is the application's own"),
]


def test_secure_values_start_in_production() -> None:
    assert Environment(**SECURE).insecure() == []


@pytest.mark.parametrize(("change", "sentence"), INSECURE)
def test_an_insecure_value_stops_production_and_is_named(
    change: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match="refusing to start in production") as refused:
        Environment(**SECURE | change)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(("change", "sentence"), INSECURE)
def test_development_only_tells(change: dict[str, Any], sentence: str) -> None:
    told = Environment(**SECURE | change | {"dropstitch_mode": "development"}).insecure()
    assert [one for one in told if one.startswith(sentence)]


def test_every_refusal_is_tested_here() -> None:
    assert all(any(one.startswith(said) for _, said in INSECURE) for one in REFUSALS)


@pytest.mark.parametrize(
    ("name", "value"), [("max_body_bytes", 12), ("database_pool", "many"), ("log_format", "xml")]
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        Environment(**SECURE | {name: value})


def test_a_secret_may_be_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    assert Environment().secret_key == "from a file"


def test_the_value_itself_wins_over_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("SECRET_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("SECRET_KEY", "from the environment")
    assert Environment().secret_key == "from the environment"


@pytest.mark.parametrize("name", ["database_owner_url", "database_direct_url"])
def test_other_database_addresses_default_to_the_applications(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://one")
    assert getattr(Environment(), name) == "postgresql://one"


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValidationError, match="dropstitch_mode"):
        Environment(dropstitch_mode="staging")  # type: ignore[arg-type]
