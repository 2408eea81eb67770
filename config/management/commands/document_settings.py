"""Writes docs/configuration.md from the class that reads the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args, get_origin

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pydantic.fields import FieldInfo

from config.environment import INSECURE_KEY, REFUSALS, ROOT, Environment

PAGE = ROOT / "docs" / "configuration.md"
HEAD = """\
# Configuration

Every value comes from the environment of the processes. `NAME_FILE` may name a file that holds the
value of `NAME`, for secrets that should not be seen in a list of processes. Embedded servers and
their secrets are made in `DROPSTITCH_DATA` where nothing else is given.

This page is written by `./dropstitch manage document_settings`.

| Name | Default | What it is |
|---|---|---|
"""
TAIL = """
## In production

With `DROPSTITCH_MODE=production` no process starts while one of these is so; each says which:

"""


class Command(BaseCommand):
    """`document_settings`, or `--check` to fail when the page is out of date."""

    help = "Write docs/configuration.md from the settings' own descriptions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether it is current")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            PAGE.parent.mkdir(exist_ok=True)
            PAGE.write_text(page())
        elif not PAGE.exists() or PAGE.read_text() != page():
            raise CommandError("docs/configuration.md is out of date: run document_settings")


def page() -> str:
    """The page's text."""
    rows = [row(name, field) for name, field in Environment.model_fields.items()]
    refusals = [f"- {sentence}\n" for sentence in REFUSALS]
    return HEAD + "".join(rows) + TAIL + "".join(refusals)


def row(name: str, field: FieldInfo) -> str:
    """One line of the table."""
    return f"| `{name.upper()}` | {default(field)} | {field.description}{choices(field)} |\n"


def default(field: FieldInfo) -> str:
    """The default as people read it."""
    value = field.default
    if value == INSECURE_KEY:
        return "a key for development"
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "–"


def choices(field: FieldInfo) -> str:
    """The values that an enumerated setting may have."""
    if get_origin(field.annotation) is None or not all(
        isinstance(choice, str) for choice in get_args(field.annotation)
    ):
        return ""
    return " One of " + ", ".join(f"`{choice}`" for choice in get_args(field.annotation)) + "."
