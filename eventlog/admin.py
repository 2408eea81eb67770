"""The log in the administration pages: to look, never to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.http import HttpRequest

from eventlog.models import Checkpoint, FollowerPosition, ParkedEvent, StoredEvent, Stream

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class ReadOnly(ModelAdmin):
    """No button changes anything; the site itself asks for the right to look."""

    list_per_page = 50
    show_full_result_count = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the site."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may see the site."""
        return True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(StoredEvent)
class StoredEventAdmin(ReadOnly):
    """Events as stored: personal fields are ciphertext here."""

    list_display = ("seq", "type", "stream", "version", "actor", "occurred_at", "recorded_at")
    search_fields = ("=stream", "=type", "=actor")
    search_help_text = "an exact stream, type or actor"
    ordering = ("-seq",)
    exclude = ("hash", "payload")
    readonly_fields = ("text", "hash_in_hex")

    def get_queryset(self, request: HttpRequest) -> QuerySet[StoredEvent]:
        """Events with the exact text that was hashed: psycopg would decode a json column."""
        text = Cast("payload", TextField())
        events: QuerySet[StoredEvent] = super().get_queryset(request)
        return events.defer("payload").annotate(text=text)

    @admin.display(description="payload")
    def text(self, event: Any) -> str:
        """The payload as stored."""
        return str(event.text)

    @admin.display(description="hash")
    def hash_in_hex(self, event: StoredEvent) -> str:
        """The event's hash in its stream."""
        return bytes(event.hash).hex()


@admin.register(Stream)
class StreamAdmin(ReadOnly):
    """Streams and their versions."""

    list_display = ("stream", "version")
    search_fields = ("stream__startswith",)
    exclude = ("head_hash",)


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnly):
    """Signed checkpoints, newest first."""

    list_display = ("size", "key_id", "created_at")
    ordering = ("-size",)
    exclude = ("root",)


@admin.register(FollowerPosition)
class FollowerPositionAdmin(ReadOnly):
    """How far each reader has come."""

    list_display = ("name", "position", "updated_at")
    ordering = ("name",)


@admin.register(ParkedEvent)
class ParkedEventAdmin(ReadOnly):
    """Events that a reader could not digest. Two readers may park one event: no page for one."""

    list_display = ("follower", "position", "stream", "attempts", "retry_at", "error")
    list_display_links = None
    ordering = ("follower", "position")

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> None:
        """None: the list shows all there is."""
