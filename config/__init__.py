"""Settings, addresses, processes: what turns the apps into one installation."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
