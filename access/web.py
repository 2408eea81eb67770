"""Pages: signing in and out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from access.doors import actor_of, context_of, public, requires
from access.models import Person
from access.people import end_sessions

REFUSED = "Name and password do not match, or there were too many attempts. Try again later."


class SignInForm(forms.Form):
    """Name and password; an error belongs to neither of them."""

    sign_in_name = forms.CharField(
        label="Name or e-mail",
        max_length=254,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}
        ),
    )
    password = forms.CharField(
        label="Password",
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.request = request
        self.person: Person | None = None

    def clean(self) -> dict[str, Any]:
        """Looks who it is. The refusal is the same whatever was wrong."""
        values = super().clean() or {}
        if not self.errors:
            self.person = authenticate(self.request, **values)
            if self.person is None:
                raise forms.ValidationError(REFUSED, code="refused")
        return values


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for name and password, then goes on to `next` if that is one of our own pages."""
    form = SignInForm(request, request.POST or None)
    if form.is_valid() and form.person is not None:
        login(request, form.person)
        return HttpResponseRedirect(safe_next(request))
    if request.method == "GET" and actor_of(request).is_authenticated:
        return HttpResponseRedirect(safe_next(request))
    status = 200 if request.method == "GET" else 422
    page = {"form": form, "next": request.POST.get("next", request.GET.get("next", ""))}
    return render(request, "access/sign_in.html", page, status=status)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends this session."""
    logout(request)
    return redirect("sign_in")


@requires("account:use")
@require_POST
def sign_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Ends every session of the account, this one included."""
    end_sessions(context_of(request), request.user)  # type: ignore[arg-type]
    logout(request)
    return redirect("sign_in")


def safe_next(request: HttpRequest) -> str:
    """Where to go after signing in: `next`, unless it leads to another host or scheme."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "/"
