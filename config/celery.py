"""The Celery application and its schedule.

Every scheduled task is harmless when it runs twice, late or beside itself: two schedulers do no
harm, and a missed tick is made up by the next.
"""

import os
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("dropstitch")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "follow the log": {
        "task": "eventlog.catch_up",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "say that a worker lives": {
        "task": "config.beat",
        "schedule": 10.0,
        "options": {"expires": 30},
    },
    "send the heartbeat": {
        "task": "config.send_heartbeat",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "evaluate monitors": {
        "task": "monitoring.evaluate_due",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "adopt monitors": {
        "task": "monitoring.adopt",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "end close watching": {
        "task": "monitoring.relax",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "tend experiments": {
        "task": "experiments.tend",
        "schedule": 15.0,
        "options": {"expires": 15},
    },
    "audit experiments": {
        "task": "experiments.audit",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "see that experiments stopped": {
        "task": "experiments.observe",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "remind of follow-ups": {
        "task": "incidents.remind",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "drop old measurements": {
        "task": "monitoring.drop_old_months",
        "schedule": 86_400.0,
        "options": {"expires": 3_600},
    },
}


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Somebody listens to this signal, and so Celery leaves the handlers of settings alone."""


@task_prerun.connect
def name_the_task(task_id: str, task: Any, **_: Any) -> None:
    """Every line of a task carries its name and id."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
