"""Forms of working an incident out, beside those of `forms`."""

from __future__ import annotations

from typing import Any

from incidents import commands
from incidents.forms import VERBS as OTHERS
from incidents.forms import Builder, Form


def _on(form: Form) -> dict[str, Any]:
    return {**form.about, "hypothesis": form.text("hypothesis")}


VERBS: dict[str, Builder] = OTHERS | {
    "propose-hypothesis": lambda f: commands.ProposeHypothesis(
        **f.about,
        hypothesis=f.new,
        text=f.text("text"),
        by=f.me,
        cause=f.text("cause"),
        owner=f.text("owner"),
        entities=f.words("entities"),
    ),
    "change-hypothesis": lambda f: commands.ChangeHypothesis(
        **_on(f),
        text=f.text("text"),
        cause=f.text("cause"),
        owner=f.text("owner"),
        entities=f.words("entities"),
    ),
    "judge-hypothesis": lambda f: commands.JudgeHypothesis(
        **_on(f), status=f.text("status"), reason=f.text("reason")
    ),
    "move-hypothesis": lambda f: commands.MoveHypothesis(**_on(f), place=f.whole("place")),
    "add-evidence": lambda f: commands.AddEvidence(
        **_on(f), evidence=f.new, side=f.text("side"), text=f.text("text"), link=f.text("link")
    ),
    "withdraw-evidence": lambda f: commands.WithdrawEvidence(
        **_on(f), evidence=f.text("evidence"), reason=f.text("reason")
    ),
}
