"""Addresses of the pages about incidents."""

from django.urls import path

from incidents import web

urlpatterns = [
    path("", web.board, name="board"),
    path("declare", web.declare, name="declare"),
    path("declare/same", web.same, name="declare_same"),
    path("incidents/<int:number>", web.incident, name="incident"),
    path("incidents/<int:number>/parts", web.parts, name="incident_parts"),
    path("incidents/<int:number>/said", web.said, name="incident_said"),
    path("incidents/<int:number>/messages", web.post_message, name="incident_message"),
    path("incidents/<int:number>/edit", web.edit_message, name="incident_edit"),
    path("incidents/<int:number>/redact", web.redact_message, name="incident_redact"),
    path("messages/<uuid:message>", web.message, name="message"),
    path("incidents/<int:number>/<slug:verb>", web.act, name="incident_act"),
]
