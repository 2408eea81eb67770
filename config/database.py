"""Django's connection as the owner of the tables, for migrations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from config.settings import database


@contextmanager
def as_owner() -> Iterator[None]:
    """Inside, the default connection of this thread is the role of DATABASE_OWNER_URL."""
    wrapper = connections["default"]
    assert isinstance(wrapper, DatabaseWrapper)
    before = wrapper.settings_dict
    _change(wrapper, {**before, **database(settings.ENV.database_owner_url)})
    try:
        yield
    finally:
        _change(wrapper, before)


def _change(wrapper: DatabaseWrapper, parameters: dict[str, object]) -> None:
    wrapper.close()
    wrapper.close_pool()
    wrapper.settings_dict = parameters
