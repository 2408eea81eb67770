"""A small world of flags for tests of pages: rules, an experiment in a layer, exposures, a freeze."""

from __future__ import annotations

from typing import Any

from experiments import editing
from tests.cast import Player

SWISS = {
    "id": "swiss",
    "condition": {"country": "CH"},
    "force": True,
    "coverage": 0.5,
    "seed": "s1",
}
STAFF = {"id": "staff", "description": "those who work here", "condition": {"staff": True}}
STAFF |= {"force": True}
TRIAL = {
    "id": "test",
    "key": "ranker-test",
    "phase": "1",
    "seed": "ranker-1",
    "coverage": 0.2,
    "variations": [False, True, True],
    "weights": [0.5, 0.3, 0.2],
    "meta": [{"key": "control"}, {"key": "two-tower"}, {"key": "two-tower-wide"}],
    "layer": "search",
}
GRID = {"name": "layout", "draw": "weighted", "choices": ["grid", "list"], "weights": [3, 1]}
ROWS = {"name": "rows", "draw": "uniform", "choices": [3, 4], "when": {"layout": "grid"}}
BANNER = {"name": "banner", "draw": "bernoulli", "p": 0.1}
SCRIPT = {"parameters": [GRID, ROWS | {"otherwise": 1}, BANNER]}
SCRIPTED = {"id": "page", "key": "page-test", "phase": "1", "seed": "page-1", "script": SCRIPT}
PRODUCTION: dict[str, Any] = {"environment": "production"}


def form_of(cards: list[editing.Card]) -> dict[str, str]:
    """What a browser sends of the editor's cards."""
    form = {"cards": ",".join(map(str, range(len(cards))))}
    for place, card in enumerate(cards):
        form |= {f"r{place}.{k}": v for k, v in card.items() if isinstance(v, str)}
        form[f"r{place}.parameters"] = ",".join(map(str, range(len(card["parameters"]))))
        for number, row in enumerate(card["parameters"]):
            form |= {f"r{place}.p{number}.{k}": v for k, v in row.items()}
    return form


def sent(answer: Any, *codes: int) -> Any:
    """The answer, which must have one of these codes (201 or 200)."""
    assert answer.status_code in (codes or (200, 201)), answer.content
    return answer


def build(by: Player, other: Player) -> None:
    """Flags, layers, segments, keys, exposures and a freeze; `other` proposes a change."""
    api = by.api
    flag = {"flag": "two-tower", "kind": "boolean", "default": False, "owner": "team:search"}
    flag |= {"description": "The two-tower ranker.", "environments": ["production", "staging"]}
    sent(api.post("flags", flag))
    sent(api.post("layers", {"layer": "search", "size": 1000, "description": "Search results"}))
    sent(api.post("layers", {"layer": "holdout", "size": 100, "is_holdout": True}))
    for experiment, count in (("ranker-test", 300), ("snippets", 120), ("old", 80)):
        asked = {"experiment": experiment, "segments": count}
        sent(api.post("layers/search/allocate", asked))
    sent(api.post("layers/search/release", {"experiment": "old", "reason": "decided"}))
    sent(api.post("layers/holdout/allocate", {"experiment": "winter", "segments": 5}))
    for rules in ([STAFF], [STAFF, SWISS], [STAFF, TRIAL, SWISS]):
        change = {**PRODUCTION, "default": False, "rules": rules, "comment": "one more"}
        sent(api.post("flags/two-tower/rules", change))
    sent(api.post("flags/two-tower/turn", {**PRODUCTION, "enabled": True}))
    guarded = {"flag": "prices", "kind": "object", "default": {"currency": "CHF"}}
    sent(api.post("flags", guarded | {"needs_approval": True}))
    change = {
        "default": {"currency": "EUR"},
        "rules": [{"id": "all", "force": {"currency": "USD"}}],
    }
    sent(other.api.post("flags/prices/rules", {**PRODUCTION, **change}))
    page = {"flag": "page", "kind": "object", "default": {"layout": "list"}, "owner": "team:web"}
    sent(api.post("flags", page))
    change = {**PRODUCTION, "default": page["default"], "rules": [SCRIPTED]}
    sent(api.post("flags/page/rules", change))
    sent(api.post("flags/page/turn", {**PRODUCTION, "enabled": True}))
    members = {"attribute": "id", "values": ["u1", "u2"], "description": "early users"}
    sent(api.post("flag-groups/beta", members))
    sent(api.post("flag-groups/alps", {"condition": {"country": {"$in": ["CH", "AT"]}}}))
    sent(api.post("sdk-keys", {**PRODUCTION, "name": "shop front"}))
    met = [
        {
            **PRODUCTION,
            "experiment": "ranker-test",
            "phase": "1",
            "unit": f"user-{n}",
            "variation": ("control", "two-tower", "two-tower-wide")[n % 3],
            "time": "2026-03-01T12:00:00Z",
        }
        for n in range(30)
    ]
    sent(api.post("exposures", met, format="json"))
