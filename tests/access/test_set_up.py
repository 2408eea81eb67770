from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from access.commands import DeactivatePerson
from access.models import Person
from access.tokens import identify
from eventlog import store
from eventlog.clock import now
from eventlog.core import Context
from tests.access.test_sign_in import knock
from tests.cast import Player


def said(*command: str) -> str:
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def test_a_fresh_installation_gets_one_administrator_whose_password_works(db: None):
    text = said("ensure_admin")
    name, password = re.search(r"Administrator (\S+), password (\S+) ", text).groups()
    assert knock(name, password).status_code == 302
    assert Person.objects.get().role == "admin"
    assert said("ensure_admin") == ""
    assert Person.objects.count() == 1


def test_the_generated_password_is_not_in_the_log(db: None):
    password = re.search(r"password (\S+) ", said("ensure_admin"))[1]
    records = store.read_stream(Person.objects.get().ref)
    assert records
    assert not any(password in str(record.payload) for record in records)


def test_an_installation_whose_administrator_left_gets_another(root: Player):
    assert said("ensure_admin") == ""
    leave = DeactivatePerson(person=str(root.person.id), at=now())
    store.execute(leave, Context.by("system:operator"))
    assert said("ensure_admin", "--name", "root2").startswith("Administrator root2, password ")


def test_a_taken_name_is_not_made_administrator_silently(bo: Player):
    with pytest.raises(SystemExit, match="bo is taken: give another --name"):
        said("ensure_admin", "--name", "bo")


def test_a_token_is_issued_from_the_command_line(bo: Player):
    scopes = ("--scopes", "incidents:write", "log:read")
    free = said("issue_token", "--name", "cron", *scopes).strip()
    assert "log:read" in identify(free).granted
    bound = said("issue_token", "--name", "cron", "--person", "Bo", *scopes).strip()
    assert identify(bound).person == bo.ref
    assert "log:read" not in identify(bound).granted


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--scopes", "everything"), "Unknown scope everything."),
        (("--scopes", "log:read", "--days", "0"), "A token has to expire in the future."),
        (("--scopes", "log:read", "--person", "nobody"), "Nobody active is called nobody."),
    ],
)
def test_a_token_that_cannot_be_is_refused_with_a_sentence(db: None, options, sentence: str):
    with pytest.raises(CommandError, match=re.escape(sentence)):
        said("issue_token", "--name", "cron", *options)
