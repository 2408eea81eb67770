"""The outgoing heartbeat: somebody elsewhere hears each minute that all is well, or hears nothing.

What watches itself cannot say that it died. So the heartbeat is held back as soon as any check of
`/readyz` fails, and the silence is the message.
"""

from __future__ import annotations

from datetime import timedelta

import httpx
from django.conf import settings

from config.health import NotWell, check, run_checks
from config.models import Heartbeat
from eventlog.clock import now

NAME = "outgoing"
PATIENCE = 5.0
LATE = timedelta(minutes=3)


def send_heartbeat() -> bool:
    """Sends it if all is well; returns whether it was taken. Says why not in `/readyz`."""
    url = settings.ENV.heartbeat_url
    if not url:
        return False
    trouble = _trouble() or _post(url)
    if trouble:
        # One that was never sent is as old as the first attempt.
        first = {"at": now(), "trouble": trouble}
        Heartbeat.objects.update_or_create(
            name=NAME, defaults={"trouble": trouble}, create_defaults=first
        )
        return False
    Heartbeat.objects.update_or_create(name=NAME, defaults={"at": now(), "trouble": ""})
    return True


def _trouble() -> str:
    failed = [
        f"{name}: {answer['detail']}"
        for name, answer in run_checks().items()
        if not answer["ok"] and name != CHECK
    ]
    return "; ".join(failed)


def _post(url: str) -> str:
    try:
        answer = httpx.post(url, timeout=PATIENCE, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        return f"answered {error.response.status_code}"
    except httpx.HTTPError as error:
        # Its words may hold the address, which is as good as a password.
        return type(error).__name__
    except httpx.InvalidURL:
        return "the address is none"
    return ""


CHECK = "outgoing heartbeat"


@check(CHECK, needed=False)
def heartbeat_is_heard() -> str:
    """Whoever listens outside heard from us lately, if anybody does."""
    if not settings.ENV.heartbeat_url:
        return "not set up"
    last = Heartbeat.objects.filter(name=NAME).first()
    if last is None:
        return "not sent yet"
    age = now() - last.at
    if last.trouble and age > LATE:
        raise NotWell(f"not sent for {age.total_seconds():.0f} s: {last.trouble}")
    return f"{max(0.0, age.total_seconds()):.0f} s ago"
