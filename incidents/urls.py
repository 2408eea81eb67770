"""Addresses of the pages about incidents."""

from django.urls import path

from incidents import web, web_follow_ups, web_record
from incidents import web_retrospective as looking_back

SECTION = "incidents/<int:number>/retrospective/<slug:section>"

urlpatterns = [
    path("", web.board, name="board"),
    path("declare", web.declare, name="declare"),
    path("declare/same", web.same, name="declare_same"),
    path("search", web_record.search, name="search"),
    path("follow-ups/", web_follow_ups.follow_ups, name="follow_ups"),
    path("follow-ups/board", web_follow_ups.board, name="follow_up_board"),
    path("follow-ups/<uuid:id>", web_follow_ups.follow_up, name="follow_up"),
    path("follow-ups/<uuid:id>/<slug:verb>", web_follow_ups.act, name="follow_up_act"),
    path("incidents/<int:number>", web.incident, name="incident"),
    path("incidents/<int:number>/parts", web.parts, name="incident_parts"),
    path("incidents/<int:number>/said", web.said, name="incident_said"),
    path("incidents/<int:number>/messages", web.post_message, name="incident_message"),
    path("incidents/<int:number>/edit", web.edit_message, name="incident_edit"),
    path("incidents/<int:number>/redact", web.redact_message, name="incident_redact"),
    path("messages/<uuid:message>", web.message, name="message"),
    path("incidents/<int:number>/timeline", web_record.timeline, name="timeline"),
    path("incidents/<int:number>/retrospective", looking_back.retrospective, name="retrospective"),
    path("incidents/<int:number>/review/<slug:verb>", looking_back.review, name="review"),
    path(f"{SECTION}", looking_back.history, name="section"),
    path(f"{SECTION}/write", looking_back.write, name="section_write"),
    path(f"{SECTION}/remove", looking_back.remove, name="section_remove"),
    path("incidents/<int:number>/<slug:verb>", web.act, name="incident_act"),
]
