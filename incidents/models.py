"""Rows that pages and the API read. The log is the truth; these are rebuilt from it at will.

Keys come from events and no foreign key ties one table to another, so that a rebuild beside the
live tables gives the same rows.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

FAR_AWAY = datetime(9000, 1, 1, tzinfo=UTC)  # sorts after every date


class IncidentRow(models.Model):
    """One incident. `version` is that of its stream, and its entity tag.

    `open_key` is the dedup key while the incident is open and null afterwards: its uniqueness is
    what makes one cause one incident. It can be deferred because a rebuild may meet the
    declaration of the next incident just before the end of the previous one.
    """

    id = models.UUIDField(primary_key=True)
    version = models.IntegerField()
    number = models.IntegerField(unique=True)
    title = models.TextField()
    kind = models.TextField()
    severity = models.SmallIntegerField()
    phase = models.TextField()
    status = models.TextField()
    environment = models.TextField()
    subjects = models.JSONField()
    dedup_key = models.TextField()
    open_key = models.TextField(null=True)  # noqa: DJ001 - null is "not open", and not unique
    declared_by = models.TextField()
    declared_at = models.DateTimeField()
    onset_earliest = models.DateTimeField(null=True)
    onset_best = models.DateTimeField(null=True)
    onset_latest = models.DateTimeField(null=True)
    onset_basis = models.TextField()
    commander = models.TextField(default="")
    phase_since = models.DateTimeField()
    changed_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    updates = models.IntegerField(default=0)
    impact = models.TextField(default="")
    outcome = models.TextField(default="")
    confidence = models.TextField(default="")
    verified = models.BooleanField(default=False)
    resolution = models.TextField(default="")
    duplicate_of = models.IntegerField(default=0)
    ended_at = models.DateTimeField(null=True)  # of the last breach, in the time of measurements
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    messages = models.IntegerField(default=0)
    participants = models.IntegerField(default=0)
    follow_ups = models.IntegerField(default=0)
    follow_ups_done = models.IntegerField(default=0)
    breaches = models.IntegerField(default=0)
    breaches_open = models.IntegerField(default=0)

    class Meta:
        db_table = "incidents_incident"
        constraints = [
            models.UniqueConstraint(
                fields=["open_key"],
                name="incidents_one_open_per_cause",
                deferrable=models.Deferrable.IMMEDIATE,
            )
        ]
        indexes = [
            models.Index(
                fields=["severity", "-number"],
                name="incidents_open_worst_first",
                condition=models.Q(status="open"),
            ),
            models.Index(fields=["dedup_key", "-number"], name="incidents_by_cause"),
            models.Index(fields=["-resolved_at"], name="incidents_by_resolution"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"


class RoleRow(models.Model):
    """A role of one incident: who holds it, and to whom it is offered."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    role = models.TextField()
    person = models.TextField(default="")
    since = models.DateTimeField(null=True)
    offered_to = models.TextField(default="")
    offered_by = models.TextField(default="")
    offered_at = models.DateTimeField(null=True)
    summary = models.TextField(default="")

    class Meta:
        db_table = "incidents_role"

    def __str__(self) -> str:
        return f"{self.role}: {self.person or 'vacant'}"


class ParticipantRow(models.Model):
    """Somebody who takes part in one incident, with their function."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    person = models.TextField()
    function = models.TextField(default="")
    joined_at = models.DateTimeField()

    class Meta:
        db_table = "incidents_participant"

    def __str__(self) -> str:
        return f"{self.person} ({self.function})"


class MessageRow(models.Model):
    """A message of the channel. `text` and `html` are empty once it is redacted.

    `edits` are the versions of the stream at which it was said anew.
    """

    id = models.UUIDField(primary_key=True)
    incident = models.UUIDField()
    version = models.IntegerField()
    client_id = models.TextField()
    author = models.TextField()
    posted_at = models.DateTimeField()
    text = models.TextField()
    html = models.TextField()
    mentions = models.JSONField()
    redacted_at = models.DateTimeField(null=True)
    redacted_by = models.TextField(default="")
    reason = models.TextField(default="")
    reply_to = models.UUIDField(null=True)
    edits = models.JSONField(default=list)
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.TextField(default="")

    class Meta:
        db_table = "incidents_message"
        indexes = [
            models.Index(fields=["incident", "version"], name="incidents_message_order"),
            models.Index(
                fields=["incident", "pinned_at"],
                condition=models.Q(pinned_at__isnull=False),
                name="incidents_message_pinned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.author} at {self.posted_at}"


class ReactionRow(models.Model):
    """A sign that somebody answered a message with. The key is message, reaction and person."""

    id = models.TextField(primary_key=True)
    message = models.UUIDField(db_index=True)
    reaction = models.TextField()
    person = models.TextField()
    added_at = models.DateTimeField()

    class Meta:
        db_table = "incidents_reaction"

    def __str__(self) -> str:
        return f"{self.person}: {self.reaction}"


class FollowUpRow(models.Model):
    """Work that outlives the incident.

    `sorts_at` is the due date, or far away without one; `remind_at` when the next reminder is to
    be decided, null when none is.
    """

    id = models.UUIDField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    title = models.TextField()
    priority = models.TextField()
    intent = models.TextField()
    area = models.TextField(default="")
    owner = models.TextField(default="")
    done_when = models.TextField(default="")
    tracker = models.TextField(default="")
    added_at = models.DateTimeField()
    added_by = models.TextField()
    due_at = models.DateTimeField(null=True)
    sorts_at = models.DateTimeField(default=FAR_AWAY)
    state = models.TextField(default="open")
    done_at = models.DateTimeField(null=True)
    done_by = models.TextField(default="")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.TextField(default="")
    ended_why = models.TextField(default="")
    value = models.TextField(default="")
    feasibility = models.TextField(default="")
    placed_by = models.TextField(default="")
    placed_as = models.TextField(default="")
    confirmed = models.BooleanField(default=False)
    evidence = models.IntegerField(default=0)
    reminders = models.IntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    remind_at = models.DateTimeField(null=True)
    review_at = models.DateTimeField(null=True)  # since when an overdue P0 is to be talked about

    class Meta:
        db_table = "incidents_follow_up"
        indexes = [
            models.Index(fields=["state", "sorts_at", "id"], name="incidents_follow_up_due"),
            models.Index(
                fields=["remind_at"],
                name="incidents_follow_up_remind",
                condition=models.Q(remind_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class FollowUpEvidenceRow(models.Model):
    """Something that shows what was done about a follow-up."""

    id = models.UUIDField(primary_key=True)
    follow_up = models.UUIDField(db_index=True)
    text = models.TextField()
    url = models.TextField(default="")
    sha256 = models.TextField(default="")
    added_at = models.DateTimeField()
    added_by = models.TextField()

    class Meta:
        db_table = "incidents_follow_up_evidence"

    def __str__(self) -> str:
        return self.text


class BreachRow(models.Model):
    """A breach attached to an incident; times are those of the measurements."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    breach = models.TextField(db_index=True)
    monitor = models.TextField()
    monitor_name = models.TextField(default="")
    sentence = models.TextField()
    urgency = models.TextField()
    subjects = models.JSONField()
    opened_at = models.DateTimeField()
    attached_at = models.DateTimeField()
    recovered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "incidents_breach"

    def __str__(self) -> str:
        return self.sentence


class PhaseRow(models.Model):
    """The moment an incident entered a phase; re-entered phases have several."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    version = models.IntegerField()
    phase = models.TextField()
    entered_at = models.DateTimeField()

    class Meta:
        db_table = "incidents_phase"

    def __str__(self) -> str:
        return f"{self.phase} from {self.entered_at}"


class ImpactRow(models.Model):
    """One estimate of the harm; the newest stands."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    version = models.IntegerField()
    text = models.TextField()
    unit = models.TextField(default="")
    low = models.FloatField(null=True)
    best = models.FloatField(null=True)
    high = models.FloatField(null=True)
    stated_at = models.DateTimeField()
    stated_by = models.TextField()

    class Meta:
        db_table = "incidents_impact"

    def __str__(self) -> str:
        return self.text


class UpdateRow(models.Model):
    """What an audience was told."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    version = models.IntegerField()
    audience = models.TextField()
    text = models.TextField()
    posted_at = models.DateTimeField()
    posted_by = models.TextField()

    class Meta:
        db_table = "incidents_update"

    def __str__(self) -> str:
        return self.text


class RetrospectiveRow(models.Model):
    """How far the review of an incident's retrospective is: draft, review or accepted."""

    incident = models.UUIDField(primary_key=True)
    stage = models.TextField(default="draft")
    submitted_by = models.TextField(default="")
    accepted_by = models.TextField(default="")
    moved_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")  # what the last reviewer wants changed

    class Meta:
        db_table = "incidents_retrospective"

    def __str__(self) -> str:
        return f"{self.incident}: {self.stage}"


class SectionRow(models.Model):
    """One revision of what people wrote for a part; `text` is empty once it is redacted."""

    id = models.TextField(primary_key=True)
    incident = models.UUIDField(db_index=True)
    section = models.TextField()
    revision = models.IntegerField()
    version = models.IntegerField()
    text = models.TextField()
    written_by = models.TextField()
    written_at = models.DateTimeField()
    redacted_at = models.DateTimeField(null=True)
    redacted_by = models.TextField(default="")
    reason = models.TextField(default="")

    class Meta:
        db_table = "incidents_section"

    def __str__(self) -> str:
        return f"{self.section}, revision {self.revision}"


class EntryRow(models.Model):
    """One event of one incident: what timelines are filtered by and searches look into.

    `id` is the event's. `part` is the module of its class; `about` names a text that can be
    removed. The database adds the column `words`, a generated `tsvector` of `text`.
    """

    id = models.UUIDField(primary_key=True)
    incident = models.UUIDField()
    version = models.IntegerField()
    type = models.TextField()
    part = models.TextField()
    at = models.DateTimeField()
    actor = models.TextField()
    about = models.TextField(default="")
    text = models.TextField()

    class Meta:
        db_table = "incidents_entry"
        indexes = [
            models.Index(fields=["incident", "version"], name="incidents_entry_order"),
            models.Index(fields=["-at", "-id"], name="incidents_entry_newest"),
            models.Index(
                fields=["incident", "about"],
                name="incidents_entry_about",
                condition=~models.Q(about=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.version}"


class HypothesisRow(models.Model):
    """What somebody thinks caused an incident; `place` is its turn, from 1."""

    id = models.TextField(primary_key=True)
    hypothesis = models.UUIDField()
    incident = models.UUIDField(db_index=True)
    number = models.SmallIntegerField()
    place = models.SmallIntegerField()
    text = models.TextField()
    cause = models.TextField(default="")
    owner = models.TextField(default="")
    entities = models.JSONField(default=list)
    status = models.TextField(default="proposed")
    reason = models.TextField(default="")
    proposed_by = models.TextField()
    proposed_at = models.DateTimeField()
    judged_by = models.TextField(default="")
    judged_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "incidents_hypothesis"

    def __str__(self) -> str:
        return f"H{self.number} {self.text}"


class EvidenceRow(models.Model):
    """What speaks for or against a hypothesis; withdrawn ones stay, with the reason."""

    id = models.TextField(primary_key=True)
    evidence = models.UUIDField()
    incident = models.UUIDField(db_index=True)
    hypothesis = models.UUIDField()
    version = models.IntegerField()
    side = models.TextField()
    text = models.TextField()
    link = models.TextField(default="")
    added_by = models.TextField()
    added_at = models.DateTimeField()
    withdrawn_by = models.TextField(default="")
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.TextField(default="")

    class Meta:
        db_table = "incidents_evidence"

    def __str__(self) -> str:
        return f"{self.side}: {self.text}"
