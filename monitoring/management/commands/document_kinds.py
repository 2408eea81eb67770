"""`manage.py document_kinds`: writes the kinds of monitor into docs/monitors.md."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from config.environment import ROOT
from monitoring.kinds import kinds
from monitoring.kinds.describe import document

PAGE = ROOT / "docs" / "monitors.md"
BEGIN, END = "<!-- kinds -->", "<!-- end of kinds -->"


def documented(page: str) -> str:
    """The page with the section about kinds as the code has them now."""
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n\n{document(kinds())}\n\n{END}{after}"


class Command(BaseCommand):
    help = "Writes the kinds of monitor and their parameters into docs/monitors.md."

    def handle(self, *args: Any, **options: Any) -> None:
        """Rewrites the section between its marks."""
        PAGE.write_text(documented(PAGE.read_text()))
