"""Structured logs: one event a line, as JSON or for the console, from our code and libraries alike.

Lines carry whatever the context has bound: request, command and event ids. Secrets are cut out
at the last step, so that no caller can forget to.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_FIELDS = {"authorization", "cookie", "password", "secret", "token", "set-cookie"}
TOKEN = re.compile(r"(ds_[A-Za-z0-9_-]{5})[A-Za-z0-9_-]{20,}")
BEARER = re.compile(r"(?<=Bearer )(?!ds_)\S+")
URL_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):([^@\s/]+)@")


def without_secrets(
    logger: Any, method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A structlog processor: masks secret fields, tokens and passwords in addresses."""
    for name, value in line.items():
        if name.lower() in SECRET_FIELDS:
            line[name] = "…"
        elif isinstance(value, str):
            line[name] = masked(value)
    return line


def masked(text: str) -> str:
    """The text without tokens and without passwords in addresses; a token's first letters stay."""
    text = BEARER.sub("…", TOKEN.sub(r"\1…", text))
    return URL_PASSWORD.sub(r"\1:…@", text)


SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]


def configure(log_format: str) -> None:
    """Sends structlog's lines through the standard library's handlers."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def formatter(log_format: str) -> structlog.stdlib.ProcessorFormatter:
    """The one formatter of all handlers: `json` or `console`."""
    last: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last.append(structlog.processors.format_exc_info)
    last.append(without_secrets)
    if log_format == "json":
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False, default=str))
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=False))
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=SHARED, processors=last)


def logging_config(log_format: str, level: str) -> dict[str, Any]:
    """Django's LOGGING: every logger ends in one handler on stderr."""
    configure(log_format)
    quiet = {"level": "WARNING"}
    ours = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter, "log_format": log_format}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": ours,
            "django.server": ours,
            # Refusals are in our own line; this one is for faults.
            "django.request": {"level": "ERROR"},
            "uvicorn": ours,
            # Our own line says more, and without the query string.
            "uvicorn.access": {"level": logging.CRITICAL, "propagate": False},
            "celery": ours,
            # One line for every task there and back, several a second; failures are above this.
            "celery.beat": quiet,
            "celery.worker.strategy": quiet,
            "celery.app.trace": quiet,
            "kombu": quiet,
            "httpx": quiet,
            "asyncio": quiet,
        },
    }
