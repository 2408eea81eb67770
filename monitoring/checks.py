"""What /readyz asks of monitoring."""

from __future__ import annotations

from config.health import NotWell, check
from monitoring.metrics import OVERDUE, rows

OVERDUE_SECONDS = 60.0


@check("monitors", needed=False)
def monitors_are_evaluated() -> str:
    """No monitor has been due for long. Without it measurements come in and nobody judges them."""
    overdue = float(rows(OVERDUE)[0][0])
    if overdue > OVERDUE_SECONDS:
        raise NotWell(f"a monitor has been due for {overdue:.0f} s")
    return f"{overdue:.1f} s behind"
