"""The erasure ledger: which keys were destroyed, remembered outside the database.

A backup that is older than an erasure brings the destroyed key back. The ledger lies in the data
folder, beside the database and not in it; replaying it after a restore erases again. One JSON
object with `at` and `subject` a line; it holds refs and no personal data.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection


def ledger() -> Path:
    """Where the ledger lies."""
    return Path(settings.ENV.dropstitch_data) / "erasures.jsonl"


def remember(subject: str) -> None:
    """Adds one erased subject, durably. Called when its erasure is committed."""
    path = ledger()
    path.parent.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at": datetime.now(UTC).isoformat(), "subject": subject})
    with path.open("a") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def remembered() -> set[str]:
    """Subjects in the ledger, none if there is no ledger."""
    path = ledger()
    if not path.exists():
        return set()
    return {json.loads(line)["subject"] for line in path.read_text().splitlines() if line.strip()}


def returned() -> list[str]:
    """Erased subjects whose key is in the database again: a restore has not been completed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM eventlog_subject_key"
            " WHERE subject = ANY(%s) AND shredded_at IS NULL ORDER BY subject",
            [list(remembered())],
        )
        return [subject for (subject,) in cursor]


def forgotten() -> list[str]:
    """Subjects erased in the database that the ledger lacks: a crash came between the two.

    Subjects beneath an erased one are erased with it and need no line of their own.
    """
    known = remembered()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subject FROM eventlog_subject_key k WHERE shredded_at IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM eventlog_subject_key p"
            "  WHERE p.subject = k.parent AND p.shredded_at IS NOT NULL) ORDER BY subject"
        )
        return [subject for (subject,) in cursor if subject not in known]
