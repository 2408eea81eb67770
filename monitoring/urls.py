"""Addresses of the pages about monitors and objectives."""

from django.urls import path

from monitoring import (
    coverage_web,
    happenings_web,
    honesty_web,
    packs_web,
    series_web,
    slicing_web,
    slo_web,
    web,
)

urlpatterns = [
    path("monitors/", web.listed, name="monitors"),
    path("monitors/new", web.create, name="monitor_new"),
    path("monitors/coverage", coverage_web.covered, name="coverage"),
    path("monitors/try", web.try_out, name="monitor_try"),
    path("monitors/<uuid:id>", web.monitor, name="monitor"),
    path("monitors/<uuid:id>/slices", slicing_web.slices, name="monitor_slices"),
    path("monitors/<uuid:id>/pause", web.pause, name="monitor_pause"),
    path("monitors/<uuid:id>/resume", web.resume, name="monitor_resume"),
    path("monitors/review", honesty_web.review, name="monitor_review"),
    path("breaches/<uuid:id>/judge", honesty_web.judge, name="breach_judge"),
    path("monitors/<uuid:id>/misses", honesty_web.record_miss, name="monitor_miss"),
    path(
        "monitors/<uuid:id>/misses/<uuid:miss>/withdraw",
        honesty_web.withdraw_miss,
        name="monitor_miss_withdraw",
    ),
    path("monitors/packs", packs_web.listed, name="packs"),
    path("monitors/packs/<str:name>", packs_web.pack, name="pack"),
    path("series/", series_web.listed, name="series_list"),
    path("series/launch", series_web.launch, name="launch"),
    path("series/<int:id>", series_web.series, name="series"),
    path("series/<int:id>/describe", series_web.describe, name="series_describe"),
    path("happenings/", happenings_web.listed, name="happenings"),
    path("happenings/note", happenings_web.note, name="happening_note"),
    path("happenings/<uuid:id>", happenings_web.happening, name="happening"),
    path("happenings/<uuid:id>/withdraw", happenings_web.withdraw, name="happening_withdraw"),
    path("slos/", web.objectives, name="slos"),
    path("new-slo", slo_web.new, name="slo_new"),
    path("slos/<str:key>", web.objective, name="slo"),
    path("slos/<str:key>/compliance", web.compliance, name="slo_compliance"),
    path("slos/<str:key>/slices", web.slices, name="slo_slices"),
    path("slos/<str:key>/change", slo_web.change, name="slo_change"),
    path("slos/<str:key>/review", slo_web.review, name="slo_review"),
    path("slos/<str:key>/retire", slo_web.retire, name="slo_retire"),
]
