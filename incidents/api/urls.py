"""Addresses under /api/v1/ of incidents."""

from typing import Any

from django.urls import URLPattern, path
from rest_framework.views import APIView

from incidents import commands as rules
from incidents.api import commands, follow_ups, hypotheses, reading, retrospective, searching

ONE = "incidents/<uuid:incident>"
WORK = "follow-ups/<uuid:follow_up>"


def route(address: str, view: type[APIView], name: str, **options: Any) -> URLPattern:
    """An address beneath one incident."""
    return path(f"{ONE}/{address}", view.as_view(**options), name=f"api-incident-{name}")


def review(verb: str, command: type[rules.IncidentCommand]) -> URLPattern:
    """A step of the retrospective's review."""
    return route(f"retrospective/{verb}", retrospective.ReviewView, verb, command=command)


def hypothesis(verb: str, view: type[APIView], name: str = "") -> URLPattern:
    """An address beneath one hypothesis of an incident."""
    return route(f"hypotheses/<uuid:hypothesis>/{verb}", view, f"hypothesis-{name or verb}")


urlpatterns = [
    path("search", searching.SearchView.as_view(), name="api-search"),
    path("follow-ups", follow_ups.FollowUpListView.as_view(), name="api-follow-ups"),
    path("follow-ups/counts", follow_ups.FollowUpCountsView.as_view(), name="api-follow-up-counts"),
    path("follow-ups/<uuid:follow_up>", follow_ups.FollowUpDoor.as_view(), name="api-follow-up"),
    path("incidents", commands.IncidentsView.as_view(), name="api-incidents"),
    path("incidents/counts", reading.CountsView.as_view(), name="api-incident-counts"),
    path("incidents/similar", reading.SimilarView.as_view(), name="api-incident-similar"),
    path(ONE, reading.IncidentView.as_view(), name="api-incident"),
    route("timeline", reading.TimelineView, "timeline"),
    route("export", reading.ExportView, "export"),
    route("messages", commands.MessagesView, "messages"),
    route("messages/<uuid:message>/edit", commands.EditView, "edit"),
    route("messages/<uuid:message>/history", reading.HistoryView, "message-history"),
    route("messages/<uuid:message>/pin", commands.PinView, "pin"),
    route("messages/<uuid:message>/react", commands.ReactView, "react"),
    route("messages/<uuid:message>/redact", commands.RedactView, "redact"),
    route("messages/<uuid:message>/unpin", commands.UnpinView, "unpin"),
    route("messages/<uuid:message>/unreact", commands.UnreactView, "unreact"),
    route("roles/take", commands.TakeRoleView, "take-role"),
    route("roles/offer", commands.OfferRoleView, "offer-role"),
    route("roles/accept", commands.AcceptRoleView, "accept-role"),
    route("roles/decline", commands.DeclineRoleView, "decline-role"),
    route("roles/release", commands.ReleaseRoleView, "release-role"),
    route("join", commands.JoinView, "join"),
    route("phase", commands.PhaseView, "phase"),
    route("severity", commands.SeverityView, "severity"),
    route("title", commands.TitleView, "title"),
    route("impact", commands.ImpactView, "impact"),
    route("updates", commands.UpdateView, "updates"),
    route("notes", commands.NoteView, "notes"),
    route("follow-ups", follow_ups.FollowUpsView, "follow-ups"),
    route(f"{WORK}/done", follow_ups.FollowUpDoneView, "follow-up-done"),
    route(f"{WORK}/change", follow_ups.ChangeFollowUpView, "follow-up-change"),
    route(f"{WORK}/place", follow_ups.PlaceFollowUpView, "follow-up-place"),
    route(f"{WORK}/evidence", follow_ups.FollowUpEvidenceView, "follow-up-evidence"),
    route(f"{WORK}/drop", follow_ups.DropFollowUpView, "follow-up-drop"),
    route(f"{WORK}/reopen", follow_ups.ReopenFollowUpView, "follow-up-reopen"),
    route("hypotheses", hypotheses.HypothesesView, "hypotheses"),
    hypothesis("change", hypotheses.ChangeView),
    hypothesis("judge", hypotheses.JudgeView),
    hypothesis("move", hypotheses.MoveView),
    hypothesis("evidence", hypotheses.EvidenceView),
    hypothesis("evidence/<uuid:evidence>/withdraw", hypotheses.WithdrawView, "withdraw"),
    route("resolve", commands.ResolveView, "resolve"),
    route("reopen", commands.ReopenView, "reopen"),
    route("close", commands.CloseView, "close"),
    route("retrospective", retrospective.RetrospectiveDoor, "retrospective"),
    route("retrospective/export", retrospective.RetrospectiveExportView, "retrospective-export"),
    review("submit", rules.SubmitRetrospective),
    review("accept", rules.AcceptRetrospective),
    route("retrospective/return", retrospective.ReturnView, "return"),
    route("retrospective/<slug:section>", retrospective.RetrospectiveSectionView, "section"),
    route("retrospective/<slug:section>/redact", retrospective.RedactSectionView, "redact-section"),
]
