"""Every value the installation reads from its environment: one place, validated, documented.

`docs/configuration.md` is generated from this class by `manage.py document_settings`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
INSECURE_KEY = "insecure-development-key-" + "0" * 32

Mode = Literal["development", "production", "test"]


class Environment(BaseSettings):
    """Values from environment variables; `NAME_FILE` names a file that holds the value instead."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    dropstitch_mode: Mode = Field(
        "development", description="`production` refuses insecure settings at start-up."
    )
    dropstitch_data: Path = Field(
        ROOT / "var", description="Folder for embedded servers, keys, uploads and the anchor file."
    )
    secret_key: str = Field(
        INSECURE_KEY, description="Signs sessions and forms. 50 random characters or more."
    )
    allowed_hosts: str = Field(
        "localhost,127.0.0.1,[::1]", description="Host names served, separated by commas."
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Address under which people reach the installation."
    )
    database_url: str = Field(
        "postgresql://dropstitch_app@/dropstitch",
        description="PostgreSQL 15 to 18, as the application's role. Turns the embedded one off.",
    )
    database_owner_url: str = Field(
        "",
        description="The same database as the role that owns the tables: migrations, rebuilds.",
    )
    database_direct_url: str = Field(
        "",
        description="The same database without a transaction pooler, for LISTEN and locks.",
    )
    database_app_role: str = Field(
        "dropstitch_app", description="Role that migrations grant the application's rights to."
    )
    database_pool: int = Field(20, ge=2, le=500, description="Connections a process may hold.")
    broker_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Celery's broker: Valkey, Redis 7 or RabbitMQ. Turns the embedded one off.",
    )
    log_signing_key: str = Field(
        "",
        description="Ed25519 private key (base64 of 32 bytes) that signs checkpoints of the log.",
    )
    log_master_key: str = Field(
        "",
        description="Key (base64 of 32 bytes) that wraps the keys of personal data.",
    )
    log_origin: str = Field(
        "dropstitch", description="Name of this installation's log, the first line of a checkpoint."
    )
    log_trusted_keys: str = Field(
        "",
        description="Public keys that have signed this log before, separated by commas, as "
        "`log_stats` prints them. Needed after the signing key was changed or a log was imported.",
    )
    log_anchor_file: str = Field(
        "",
        description="File outside the database to which checkpoints are appended. "
        "Without one, removal of the newest events and their checkpoints cannot be seen.",
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="How the processes write their logs."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="The least important line that is logged."
    )
    max_body_bytes: int = Field(8 * 2**20, ge=2**10, description="Largest request body, as sent.")
    max_decompressed_bytes: int = Field(
        64 * 2**20, ge=2**10, description="Largest request body after decompression."
    )
    api_rate: float = Field(
        200,
        gt=0,
        description="Requests a second that each web process allows one token or person; ten "
        "times as many at once after a rest. Strangers get a tenth, by address.",
    )
    flag_rate: float = Field(
        2_000,
        gt=0,
        description="Evaluations a second that each web process allows one token or SDK key.",
    )
    session_hours: int = Field(
        12,
        ge=1,
        le=24 * 30,
        description="Hours after signing in after which people sign in again.",
    )
    trusted_proxy: bool = Field(
        False,
        description="A proxy in front sets X-Forwarded-Proto and X-Forwarded-For. Only then are "
        "they believed.",
    )
    measurement_retention_days: int = Field(
        400,
        ge=1,
        description="Age at which months of measurements are condensed to hours and dropped.",
    )
    hour_retention_days: int = Field(
        1_830, ge=1, description="Age at which the hours of dropped measurements go too."
    )
    heartbeat_url: str = Field(
        "",
        description="Address that gets a POST each minute while all checks of `/readyz` pass. Whoever "
        "listens there raises the alarm when it falls silent.",
    )
    measurements_every: float = Field(
        0,
        ge=0,
        description="Seconds in which some measurement always arrives; longer silence makes "
        "`/readyz` degraded. 0: never.",
    )
    warehouse_url: str = Field(
        "duckdb://",
        description="Where `pull_experiment` finds the rows of experiments: `duckdb://` for Parquet "
        "and CSV files, `duckdb:///path` for a database file, or `postgresql://…`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: Any) -> Any:
        for name in cls.model_fields:
            path = os.environ.get(f"{name.upper()}_FILE")
            if path and name not in values:
                values[name] = Path(path).read_text().strip()
        return values

    @field_validator("database_owner_url", "database_direct_url")
    @classmethod
    def _default_to_the_application_url(cls, value: str, info: ValidationInfo) -> str:
        return value or str(info.data.get("database_url", ""))

    @model_validator(mode="after")
    def _refuse_insecure_production(self) -> Self:
        problems = self.insecure()
        if self.dropstitch_mode == "production" and problems:
            raise ValueError("refusing to start in production: " + "; ".join(problems))
        return self

    def insecure(self) -> list[str]:
        """What would be unsafe in production, one sentence each."""
        return [sentence for sentence, unsafe in REFUSALS.items() if unsafe(self)]


REFUSALS: dict[str, Callable[[Environment], bool]] = {
    "SECRET_KEY is the development key or shorter than 50 characters": lambda env: (
        env.secret_key == INSECURE_KEY or len(env.secret_key) < 50
    ),
    "ALLOWED_HOSTS allows every host": lambda env: "*" in env.allowed_hosts,
    "PUBLIC_URL is not https": lambda env: not env.public_url.startswith("https://"),
    "TRUSTED_PROXY is off, so that nobody ends TLS in front of the web processes": lambda env: (
        not env.trusted_proxy
    ),
    "LOG_SIGNING_KEY is missing": lambda env: not env.log_signing_key,
    "LOG_MASTER_KEY is missing": lambda env: not env.log_master_key,
    "DATABASE_OWNER_URL is the application's own role": lambda env: (
        env.database_owner_url == env.database_url
    ),
}
