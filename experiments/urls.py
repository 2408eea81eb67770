"""Addresses of the pages about flags and what belongs to them, and about experiments."""

from django.urls import path

from experiments import web

urlpatterns = [
    path("flags/", web.flags.listed, name="flags"),
    path("flags/<str:flag>", web.flags.shown, name="flag"),
    path("flags/<str:flag>/describe", web.flags.describe, name="flag_describe"),
    path("flags/<str:flag>/turn", web.flags.turn, name="flag_turn"),
    path("flags/<str:flag>/roll-back", web.flags.roll_back, name="flag_roll_back"),
    path("flags/<str:flag>/decide", web.flags.decide, name="flag_decide"),
    path("flags/<str:flag>/archive", web.flags.archive, name="flag_archive"),
    path("flags/<str:flag>/edit", web.editor.edit, name="flag_edit"),
    path("new-flag", web.flags.create, name="flag_new"),
    path("layers/", web.layers.listed, name="layers"),
    path("layers/<str:layer>", web.layers.shown, name="layer"),
    path("layers/<str:layer>/allocate", web.layers.allocate, name="layer_allocate"),
    path("segments/", web.others.groups, name="groups"),
    path("segments/<str:group>", web.others.group, name="group"),
    path("exposures/", web.others.exposures, name="exposures"),
    path("sdk-keys/", web.others.sdk_keys, name="sdk_keys"),
    path("freezes/", web.others.freezes, name="freezes"),
    path("experiments/", web.experiments.listed, name="experiments"),
    path("experiments/new", web.experiments.create, name="experiment_new"),
    path("experiments/metrics", web.experiments.metrics, name="experiment_metrics"),
    path("experiments/planner", web.experiments.planner, name="experiment_planner"),
    path("experiments/offline", web.experiments.offline, name="experiment_offline"),
    path("experiments/calendar", web.experiments.calendar, name="experiment_calendar"),
    path("experiments/<str:experiment>", web.experiments.shown, name="experiment"),
    path("experiments/<str:experiment>/design", web.experiments.design, name="experiment_design"),
    path("experiments/<str:experiment>/act/<str:act>", web.experiments.act, name="experiment_act"),
]
