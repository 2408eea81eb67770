"""Pages: experiments, one with its results, its design, the library of metrics, the calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.doors import actor_of, person_of, requires
from access.paging import BadCursor
from access.rights import can
from eventlog.clock import now
from eventlog.core import Command, Refused
from experiments import acting, commands, design_editing, pages, queries
from experiments.fields import share_of
from experiments.models import ExperimentRow
from experiments.reports import evidence_of, failing, report_of
from experiments.tending import seed_of
from experiments.web.forms import (
    carry_out,
    context_of_form,
    fresh_key,
    may_write,
    refusals_told,
    status_of,
    text,
    whole,
)

WRITE = "experiments:write"
METRIC_FIELDS = (
    "name",
    "aggregation",
    "source",
    "denominator",
    "direction",
    "unit",
    "cap",
    "quantile",
    "description",
)


@requires("experiments:read")
@never_cache
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """Experiments, those changed last first."""
    asked = request.GET
    try:
        page = pages.experiments.listed(
            asked.get("search", ""), asked.get("status", ""), asked.get("cursor"), now()
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page["may_write"] = can(actor_of(request), WRITE)
    return render(request, "experiments/experiments.html", page)


@requires("experiments:read")
@never_cache
@require_GET
def shown(request: HttpRequest, experiment: str) -> HttpResponse:
    """Trust checks, results, design and story of one experiment."""
    row = row_or_404(experiment)
    page = pages.experiments.experiment(row, request.GET, now())
    page |= {
        "may_write": can(actor_of(request), WRITE),
        "key": fresh_key(),
        "is_mine": person_of(request) == row.designed_by,
    }
    return render(request, "experiments/experiment.html", page)


@requires("experiments:read")
@never_cache
@require_GET
def calendar(request: HttpRequest) -> HttpResponse:
    """What runs when, by layer."""
    return render(request, "experiments/calendar.html", pages.experiments.calendar(now()))


@requires("experiments:read")
@never_cache
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """Gains of models on their own metrics beside their effects where it counts."""
    return render(request, "experiments/offline.html", pages.experiments.offline())


@requires("experiments:read")
@never_cache
@require_GET
def planner(request: HttpRequest) -> HttpResponse:
    """How many units it takes, and how long."""
    page = pages.planner(request.GET.dict(), now())
    status = 400 if page["problem"] else 200
    return render(request, "experiments/planner.html", page, status=status)


@requires("experiments:read")
@never_cache
@require_http_methods(["GET", "POST"])
def metrics(request: HttpRequest) -> HttpResponse:
    """The library, and a form for a new metric."""
    writes = may_write(request, WRITE)
    if request.method == "POST" and _define(request):
        return redirect("experiment_metrics")
    try:
        page = pages.experiments.metrics(request.GET.get("search", ""), request.GET.get("cursor"))
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    page |= {"may_write": writes, "key": fresh_key(), "given": request.POST}
    return render(request, "experiments/metrics.html", page, status=status_of(request))


def _define(request: HttpRequest) -> bool:
    with refusals_told(request):
        definition: dict[str, Any] = {name: text(request, name) for name in METRIC_FIELDS}
        definition["window_hours"] = whole(request, "window_hours", 0)
        definition["before_days"] = whole(request, "before_days", 0)
        command = commands.DefineMetric(
            metric=text(request, "metric"), at=now(), definition=definition
        )
        return carry_out(request, command, "The metric is in the library.") is not None
    return False


@requires("experiments:write")
@never_cache
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Writes a design down."""
    return _design(request, None, text(request, "experiment"))


@requires("experiments:write")
@never_cache
@require_http_methods(["GET", "POST"])
def design(request: HttpRequest, experiment: str) -> HttpResponse:
    """Changes a design."""
    row = row_or_404(experiment)
    return _design(request, row, row.key)


def _design(request: HttpRequest, row: ExperimentRow | None, key: str) -> HttpResponse:
    refusal: Refused | None = None
    kind = _kind(text(request, "flag") or (row.flag if row else ""))
    if request.method == "POST":
        try:
            made = design_editing.design_of(request.POST, kind)
            command = commands.DesignExperiment(
                experiment=key,
                at=now(),
                design=made,
                reason=text(request, "reason"),
                by=person_of(request),
                definitions=queries.definitions(one["metric"] for one in made["metrics"]),
            )
            if row is None and queries.experiment(key) is not None:
                raise Refused(
                    "There is an experiment with this key already.", "exists", "experiment"
                )
            acting.carry_out(command, context_of_form(request))
            return redirect("experiment", key)
        except Refused as refused:
            refusal = refused
    page = pages.experiments.design_form(row, request.POST, refusal, kind)
    page["key"] = fresh_key()
    return render(request, "experiments/design.html", page, status=409 if refusal else 200)


def _kind(flag: str) -> str:
    view = queries.flag(flag, now()) if flag else None
    return view.kind if view else "boolean"


@requires("experiments:write")
@require_POST
def act(request: HttpRequest, experiment: str, act: str) -> HttpResponse:
    """Moves an experiment on in its life."""
    row = row_or_404(experiment)
    if act not in ACTS:
        raise Http404("There is no such act.")
    build, done = ACTS[act]
    with refusals_told(request):
        receipt = acting.carry_out(build(request, row, now()), context_of_form(request))
        if receipt.events:
            messages.success(request, done)
    return redirect("experiment", row.key)


Build = Callable[[HttpRequest, ExperimentRow, datetime], Command[Any]]


def _start(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    return commands.StartExperiment(
        experiment=row.key,
        at=at,
        seed=seed_of(row.key, row.phase + 1),
        definitions=queries.definitions(one["metric"] for one in row.design["metrics"]),
        reason=text(request, "reason"),
    )


def _review(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    return commands.ReviewDesign(
        experiment=row.key,
        at=at,
        approve=request.POST.get("verdict") == "approve",
        by=person_of(request),
        comment=text(request, "reason"),
    )


def _queue(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    given = text(request, "not_before")
    try:
        begin = parse_datetime(f"{given}+00:00") if given else None
    except ValueError:
        begin = None
    if given and begin is None:
        raise Refused("Is no time such as 2027-03-01T08:00.", "bad_time", "not_before")
    rank = whole(request, "rank", 100)
    return commands.QueueExperiment(experiment=row.key, at=at, not_before=begin, rank=rank)


def _ramp(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    coverage = share_of(text(request, "coverage"), "coverage")
    return commands.RampExperiment(
        experiment=row.key, at=at, coverage=coverage, reason=text(request, "reason")
    )


def _stop(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    evidence = evidence_of(report_of(row, at))
    return commands.StopExperiment(
        experiment=row.key, at=at, cause="person", reason=text(request, "reason"), evidence=evidence
    )


def _clear(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    return commands.ClearCheck(
        experiment=row.key,
        at=at,
        check=text(request, "check"),
        finding=text(request, "finding"),
        reason=text(request, "reason"),
        by=person_of(request),
        failing=failing(row, at),
    )


def _decide(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
    decision, _, variation = text(request, "decision").partition(":")
    return commands.DecideExperiment(
        experiment=row.key,
        at=at,
        decision=decision,
        variation=variation,
        reason=text(request, "reason"),
        by=person_of(request),
        evidence=evidence_of(report_of(row, at)),
    )


def _plain(command: Any) -> Build:
    def build(request: HttpRequest, row: ExperimentRow, at: datetime) -> Command[Any]:
        made: Command[Any] = command(experiment=row.key, at=at)
        return made

    return build


ACTS: dict[str, tuple[Build, str]] = {
    "ask-for-review": (_plain(commands.AskForReview), "Somebody else can look at it now."),
    "review": (_review, "Reviewed."),
    "queue": (_queue, "It waits for its turn."),
    "start": (_start, "It is running."),
    "ramp": (_ramp, "The share is another one now."),
    "pause": (_plain(commands.PauseExperiment), "Paused: everybody gets the default."),
    "resume": (_plain(commands.ResumeExperiment), "It goes on."),
    "stop": (_stop, "Stopped: everybody gets the default."),
    "clear": (_clear, "Noted; the results are shown again."),
    "decide": (_decide, "Decided."),
    "archive": (_plain(commands.ArchiveExperiment), "Archived."),
}


def row_or_404(key: str) -> ExperimentRow:
    """The experiment with this key."""
    row = queries.experiment(key)
    if row is None:
        raise Http404("There is no such experiment.")
    return row
