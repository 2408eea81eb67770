"""Do the SDKs and we agree on what everybody gets? Random flags, random people, real clients.

Flags of made-up rules are created by the REST API of a real web process. GrowthBook's SDK fetches
the payload and evaluates it; our answers come by OpenFeature's protocol, for everybody in bulk and
for some by OpenFeature's own client, one flag at a time.
"""

from __future__ import annotations

import argparse
import json
import random
from typing import Any

import httpx
from growthbook import GrowthBook
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

from benchmarks.figures import Figure
from benchmarks.ingest import web
from benchmarks.installation import installation
from benchmarks.made_up_flags import GROUP, Json, flags, person
from benchmarks.serving import Shop

SINGLE = 2_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many of each."""
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--flags", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)


def measure(options: argparse.Namespace) -> list[Figure]:
    """Counts of answers compared, and of those that differ."""
    chance = random.Random(options.seed)
    people = [person(chance) for _ in range(options.users)]
    with installation(), web() as url:
        shop = Shop(url)
        defaults = fill(shop, options.flags)
        client = fetched(url, shop.sdk_key())
        bulk = compare_in_bulk(shop, client, people, defaults)
        single = compare_one_by_one(shop, client, people, defaults, chance)
        client.destroy()
    return [
        Figure("people × flags compared, SDK beside bulk", "answers", "higher", bulk[0]),
        Figure("of these unlike", "answers", "lower", bulk[1], goal=0),
        Figure("answers of the other client compared", "answers", "higher", single[0]),
        Figure("of these unlike", "answers", "lower", single[1], goal=0),
    ]


def fetched(url: str, key: str) -> GrowthBook:
    """The SDK with what it fetched from us; on its own it would look for news at every evaluation."""
    client = GrowthBook(api_host=url, client_key=key)
    client.load_features()
    payload = httpx.get(f"{url}/api/features/{key}", timeout=60).json()
    if client.get_features().keys() != payload["features"].keys():
        raise ValueError("the SDK did not fetch the features")
    client.destroy()
    return GrowthBook(features=payload["features"], savedGroups=payload["savedGroups"])


def fill(shop: Shop, count: int) -> dict[str, Json]:
    """Creates the flags and a group that their rules name; returns the flags' defaults."""
    shop.post("flag-groups/beta", {"attribute": "id", "values": GROUP})
    made = {f"flag-{number:03d}": flag for number, flag in enumerate(flags(count))}
    for key, (kind, default, rules) in made.items():
        shop.create(key, kind, default, rules)
    shop.settle()
    return {key: default for key, (_, default, _) in made.items()}


def is_same(ours: Json, theirs: Json) -> bool:
    """Whether two values are one. As JSON, since to Python true is 1."""
    return json.dumps(ours) == json.dumps(theirs)


def compare_in_bulk(
    shop: Shop, client: GrowthBook, people: list[dict[str, Any]], defaults: dict[str, Json]
) -> tuple[int, int]:
    """How many answers were compared and how many differed."""
    compared = differ = 0
    with httpx.Client(base_url=shop.url, headers=shop.headers, timeout=60) as http:
        for attributes in people:
            said = http.post("/ofrep/v1/evaluate/flags", json={"context": attributes}).json()
            client.set_attributes(attributes)
            for one in said["flags"]:
                theirs = client.eval_feature(one["key"]).value
                # Without an identity their SDK gives the default and the protocol says why.
                ours = one.get("value", defaults.get(one["key"]))
                compared += 1
                if not is_same(ours, theirs):
                    differ += 1
                    print(f"unlike: {one} {theirs} {attributes}", flush=True)
    return compared, differ


def compare_one_by_one(
    shop: Shop,
    client: GrowthBook,
    people: list[dict[str, Any]],
    defaults: dict[str, Json],
    chance: random.Random,
) -> tuple[int, int]:
    """The same by OpenFeature's client, for some."""
    provider = OFREPProvider(shop.url, headers_factory=lambda: shop.headers, timeout=60)
    ask = {False: provider.resolve_integer_details, True: provider.resolve_object_details}
    differ = 0
    for _ in range(SINGLE):
        attributes, key = chance.choice(people), chance.choice(list(defaults))
        context = EvaluationContext(attributes["id"], attributes)
        client.set_attributes(attributes)
        resolve = ask[isinstance(defaults[key], dict)]
        ours = resolve(key, defaults[key], context).value
        theirs = client.eval_feature(key).value
        if not is_same(ours, theirs):
            differ += 1
            print(f"unlike: {key} {ours} {theirs} {attributes}", flush=True)
    return SINGLE, differ
