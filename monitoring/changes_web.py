"""The page of what owners were told of changes."""

from __future__ import annotations

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from access.doors import actor_of, requires
from access.paging import BadCursor, page_of
from access.queries import names
from access.rights import can
from eventlog.clock import now
from monitoring import hooks, pages

SHOWN = 50


@requires("monitors:read")
@never_cache
@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    """The latest change first."""
    entity, owner = (request.GET.get(name, "")[:240] for name in ("entity", "owner"))
    try:
        found = page_of(
            hooks.notices(entity, owner), hooks.LATEST, request.GET.get("cursor"), SHOWN
        )
    except BadCursor as error:
        raise BadRequest(str(error)) from error
    people = [row.made_by for row in found.rows]
    people += [each["owner"] for row in found.rows for each in row.owners]
    called = names(people)
    rows = [
        {
            "row": row,
            "by": called.get(row.made_by, row.made_by),
            "owners": [
                {**each, "name": called.get(each["owner"], each["owner"])} for each in row.owners
            ],
            "dependants": len(row.subjects) + row.others,
            "url": pages.url_of(row.monitor),
        }
        for row in found.rows
    ]
    page = {
        "rows": rows,
        "next": found.next,
        "entity": entity,
        "owner": owner,
        "now": now(),
        "may_write": can(actor_of(request), "monitors:write"),
    }
    return render(request, "monitoring/notices.html", page)
