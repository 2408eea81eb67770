"""What /readyz asks of monitoring."""

from __future__ import annotations

from django.conf import settings

from config.health import NotWell, check
from monitoring.metrics import HEARD, OVERDUE, rows

OVERDUE_SECONDS = 60.0


@check("monitors", needed=False)
def monitors_are_evaluated() -> str:
    """No monitor has been due for long. Without it measurements come in and nobody judges them."""
    overdue = float(rows(OVERDUE)[0][0])
    if overdue > OVERDUE_SECONDS:
        raise NotWell(f"a monitor has been due for {overdue:.0f} s")
    return f"{overdue:.1f} s behind"


@check("measurements", needed=False)
def measurements_arrive() -> str:
    """Something was heard lately, where measurements always arrive within a known time."""
    (silent,) = rows(HEARD)[0]
    if silent is None:
        return "none ever arrived"
    within = settings.ENV.measurements_every
    if within and silent > within:
        raise NotWell(f"no measurement has arrived for {silent:.0f} s")
    return f"{max(0.0, silent):.0f} s ago"
