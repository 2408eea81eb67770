"""Seals the log until told to stop."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from eventlog.sealing import SealingProcess
from eventlog.tasks import ring


class Command(BaseCommand):
    """`manage.py run_sealer`: one leads, any number stand by."""

    help = "Gives committed events their global position, Merkle leaf and signed checkpoints."

    def handle(self, *args: Any, **options: Any) -> None:
        process = SealingProcess(ring)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, process.stop)
        process.run()
