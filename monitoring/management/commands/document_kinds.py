"""`manage.py document_kinds`: writes the kinds of monitor, and the packs, into docs/monitors.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.environment import ROOT
from monitoring.kinds import kinds
from monitoring.kinds.describe import document
from monitoring.packs.base import document as document_packs

PAGE = ROOT / "docs" / "monitors.md"


def documented(page: str) -> str:
    """The page with the sections about kinds and packs as the code has them now."""
    return _between(_between(page, "kinds", document(kinds())), "packs", document_packs())


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


class Command(BaseCommand):
    help = "Writes the kinds of monitor, their parameters and the packs into docs/monitors.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrites the section between its marks."""
        PAGE.write_text(documented(PAGE.read_text()))
