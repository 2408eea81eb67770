"""OpenLineage events (specification 2-0-2) as commands of the registry.

An event says a part of what is known about a run, a job or a dataset, and parts come in any order,
some of them twice. Each becomes notes about things and edges, which merge whatever their order: the
newest observation of a fact counts, and the earliest one of an edge is its beginning. Datasets whose
namespace begins with ``model:`` are models.

Without a version in its facets a dataset is one thing. With one, the version is a thing of its own:
who writes it feeds it, and it feeds the dataset. Who reads it reads what the dataset was then, unless
somebody is known to have written just that version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from eventlog.core import Command, canonical
from registry import commands
from registry.kinds import JSON, MAX_TEXT, SIZES, TIME
from registry.refs import ref_of

MOST_DATASETS = 500  # in one event, inputs and outputs together
MOST_EDGES = 5_000
MOST_EVENTS = 500  # in one batch
STATES = {
    "START": "running",
    "RUNNING": "running",
    "COMPLETE": "completed",
    "FAIL": "failed",
    "ABORT": "aborted",
}
ENDS = ("COMPLETE", "FAIL", "ABORT")
TYPES = (*STATES, "OTHER")
MOMENT = timedelta(microseconds=1)
COUNTED = {"rowCount": "rows", "size": "bytes", "fileCount": "files"}


class Unfit(ValueError):
    """An event that cannot be used; `field` is the place of the fault, such as ``run.runId``."""

    def __init__(self, field: str, message: str):
        super().__init__(message)
        self.field, self.message = field, message


@dataclass(frozen=True, slots=True)
class Named:
    """A thing by its parts."""

    kind: str
    name: str
    namespace: str = ""
    version: str = ""

    @property
    def ref(self) -> str:
        """Its ref."""
        return ref_of(self.kind, self.name, self.namespace, self.version)


@dataclass
class Notes:
    """What an event says, each thing and each edge once, so that it is one command for each."""

    at: datetime
    observed: datetime
    things: dict[str, commands.NoteEntity] = field(default_factory=dict)
    edges: dict[str, commands.NoteEdge | commands.RuleOutEdge] = field(default_factory=dict)

    def thing(
        self,
        named: Named,
        facts: Mapping[str, Any] | None = None,
        facets: Mapping[str, Any] | None = None,
        observed: datetime | None = None,
    ) -> str:
        """Notes a thing; returns its ref."""
        new = commands.NoteEntity(
            kind=named.kind,
            name=named.name,
            namespace=named.namespace,
            version=named.version,
            at=self.at,
            observed=observed or self.observed,
            facts=dict(facts or {}),
            facets=dict(facets or {}),
        )
        known = self.things.get(new.stream)
        if known is not None:
            new = replace(
                known,
                observed=max(known.observed, new.observed),
                facts={**known.facts, **new.facts},
                facets={**known.facets, **new.facets},
            )
        self.things[new.stream] = new
        return new.stream

    def edge(
        self,
        source: str,
        kind: str,
        target: str,
        counts: Mapping[str, int] | None = None,
        facets: Mapping[str, Any] | None = None,
        *,
        supposed: bool = False,
    ) -> None:
        """Notes an edge; what reads and writes itself is told by its run and by no edge."""
        if source == target:
            return
        new = commands.NoteEdge(
            source=source,
            target=target,
            kind=kind,
            at=self.at,
            observed=self.observed,
            counts=dict(counts or {}),
            facets=dict(facets or {}),
            supposed=supposed,
        )
        known = self.edges.get(new.stream)
        if isinstance(known, commands.RuleOutEdge):
            return
        if known is not None:
            counts = {**known.counts, **new.counts}
            new = replace(new, counts=counts, facets={**known.facets, **new.facets})
        self.edges[new.stream] = new
        if len(self.edges) > MOST_EDGES:
            raise Unfit("", f"An event may say {MOST_EDGES:,} relations at most.")

    def rule_out(self, source: str, kind: str, target: str) -> None:
        """Notes that an edge is not to be supposed."""
        new = commands.RuleOutEdge(source=source, target=target, kind=kind, at=self.at)
        self.edges[new.stream] = new


def read(event: Any, at: datetime) -> list[Command[Any]]:
    """The commands that an event stands for, things before edges. Raises `Unfit`."""
    if not isinstance(event, dict):
        raise Unfit("", "An event is a JSON object.")
    for name in ("producer", "schemaURL"):
        _text(event, name, name)
    moment: Any = event.get("eventTime")
    if not TIME.fits(moment):
        raise Unfit("eventTime", f"Must be {TIME.words}.")
    notes = Notes(at, datetime.fromisoformat(moment))
    if "job" in event:
        _work(notes, event)
    elif "dataset" in event:
        _dataset(notes, event["dataset"], "dataset", None, "")
    else:
        raise Unfit("job", "Is required, or a dataset.")
    return [*notes.things.values(), *notes.edges.values()]


def digest(event: Any) -> str:
    """Names an event by what it says: sent twice it is one event."""
    return hashlib.sha256(canonical(event)).hexdigest()


def _work(notes: Notes, event: dict[str, Any]) -> None:
    """A run or, where there is none, the job itself, with what it reads and writes."""
    job = _object(event, "job", "job")
    facets = _facets(job, "facets", "job.facets")
    named = Named("job", _text(job, "name", "job.name"), _text(job, "namespace", "job.namespace"))
    worker = notes.thing(named, _said(facets) | _code(facets), facets)
    if "run" in event:
        worker = _run(notes, event, named)
        notes.edge(named.ref, "run_of", worker)
    number = 0
    for side, way in (("inputs", "in"), ("outputs", "out")):
        listed = event.get(side)
        if listed is None:
            continue
        if not isinstance(listed, list):
            raise Unfit(side, "Must be a list.")
        number += len(listed)
        if number > MOST_DATASETS:
            raise Unfit(side, f"An event may have {MOST_DATASETS} datasets at most.")
        for index, one in enumerate(listed):
            _dataset(notes, one, f"{side}.{index}", worker, way)
    _explicit(notes, facets.get("lineage"), worker)


def _run(notes: Notes, event: dict[str, Any], job: Named) -> str:
    run = _object(event, "run", "run")
    facets = _facets(run, "facets", "run.facets")
    named = replace(job, kind="run", version=_run_id(run.get("runId"), "run.runId"))
    type = event.get("eventType") or "OTHER"
    if type not in TYPES:
        raise Unfit("eventType", f"Must be one of {', '.join(TYPES)}.")
    facts = _said(facets)
    if type in STATES:
        facts["status"] = STATES[type]
    if type == "START":
        facts["started_at"] = event["eventTime"]
    if type in ENDS:
        facts["ended_at"] = event["eventTime"]
    error = facets.get("errorMessage", {}).get("message")
    if isinstance(error, str):
        facts["error"] = error[:MAX_TEXT]
    parent = _parent(facets.get("parent"))
    if parent:
        facts["parent"] = parent
    # Of a beginning and an end at one instant, the end is the later one.
    return notes.thing(named, facts, facets, notes.observed + MOMENT * (type in ENDS))


def _parent(facet: Any) -> str:
    """Ref of the run that started a run, empty where that is not said as it should be."""
    try:
        job, run = facet["job"], facet["run"]
        return Named("run", job["name"], job["namespace"], str(UUID(run["runId"]))).ref
    except (KeyError, TypeError, ValueError, AttributeError):
        return ""


def _run_id(value: Any, place: str) -> str:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError) as error:
        raise Unfit(place, "Must be a UUID.") from error


def _dataset(notes: Notes, said: Any, place: str, worker: str | None, way: str) -> None:
    """A dataset as such, or one that `worker` reads (`in`) or writes (`out`)."""
    if not isinstance(said, dict):
        raise Unfit(place, "Must be an object.")
    facets = _facets(said, "facets", f"{place}.facets")
    whole = _of_dataset(
        _text(said, "namespace", f"{place}.namespace"), _text(said, "name", f"{place}.name")
    )
    own = _facets(said, f"{way}putFacets", f"{place}.{way}putFacets") if way else {}
    counts = _counts(own.get(f"{way}putStatistics"))
    version = facets.get("version", {}).get("datasetVersion")
    named = whole
    if isinstance(version, str) and version:
        kind = "trained_model" if whole.kind == "model" else whole.kind
        named = replace(whole, kind=kind, version=version)
        notes.thing(whole)
    sized = counts if way == "out" and named.version and named.kind == "dataset" else {}
    notes.thing(named, _said(facets) | sized, facets)
    if named.version:
        _version(notes, whole, named, way)
    _schema(notes, named, facets.get("schema"))
    if worker and way == "in":
        notes.edge(named.ref, "used", worker, counts, own)
    elif worker:
        notes.edge(worker, "generated", named.ref, counts, own)
    for source in _column_sources(facets.get("columnLineage")):
        _derived(notes, source, named)
    _fed(notes, facets.get("lineage"), named, worker)


def _of_dataset(namespace: str, name: str) -> Named:
    return Named("model" if namespace.startswith("model:") else "dataset", name, namespace)


def _version(notes: Notes, whole: Named, version: Named, way: str) -> None:
    if way == "out" or version.kind == "trained_model":
        notes.edge(version.ref, "version_of", whole.ref)
    if version.kind == "dataset" and way == "out":
        notes.rule_out(whole.ref, "snapshot_of", version.ref)
    elif version.kind == "dataset" and way == "in":
        notes.edge(whole.ref, "snapshot_of", version.ref, supposed=True)


def _schema(notes: Notes, named: Named, facet: Any) -> None:
    """The schema's own version, named by what it says."""
    fields = facet.get("fields") if isinstance(facet, dict) else None
    if named.kind != "dataset" or not isinstance(fields, list) or not fields:
        return
    version = hashlib.sha256(canonical(fields)).hexdigest()[:16]
    schema = Named("schema", named.name, named.namespace, version)
    notes.thing(schema, {"fields": fields} if JSON.fits(fields) else {})
    notes.edge(schema.ref, "shaped_by", named.ref)


def _derived(notes: Notes, source: Named, target: Named) -> None:
    """One dataset went into another one, or into a model."""
    kind = {"dataset": "derived_from", "trained_model": "trained_on"}.get(target.kind)
    if kind is not None and source.kind == "dataset":
        notes.edge(notes.thing(source), kind, target.ref)


def _column_sources(facet: Any) -> Iterator[Named]:
    fields = facet.get("fields") if isinstance(facet, dict) else None
    for one in fields.values() if isinstance(fields, dict) else ():
        inputs = one.get("inputFields") if isinstance(one, dict) else None
        for source in inputs if isinstance(inputs, list) else ():
            if _is_named(source):
                yield _of_dataset(source["namespace"], source["name"])


def _is_named(one: Any) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one.get(name), str) and one[name] for name in ("namespace", "name")
    )


def _fed(notes: Notes, facet: Any, target: Named, worker: str | None) -> None:
    """What a dataset's own facet says it is fed by."""
    inputs = facet.get("inputs") if isinstance(facet, dict) else None
    for one in inputs if isinstance(inputs, list) else ():
        source = _end(notes, one, worker)
        if isinstance(source, Named):
            _derived(notes, source, target)
        elif source:
            notes.edge(source, "generated", target.ref)


def _explicit(notes: Notes, facet: Any, worker: str) -> None:
    """What a job's facet says feeds which target: datasets, and jobs or runs of them."""
    entries = facet.get("entries") if isinstance(facet, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        target = _end(notes, entry, worker)
        if isinstance(target, Named):
            notes.thing(target)
            _fed(notes, entry, target, worker)
        elif target:
            inputs = entry.get("inputs")
            for one in inputs if isinstance(inputs, list) else ():
                source = _end(notes, one, worker)
                if isinstance(source, Named):
                    notes.edge(notes.thing(source), "used", target)
                elif source and source.startswith("job:") and target.startswith("job:"):
                    notes.edge(source, "derived_from", target)


def _end(notes: Notes, one: Any, worker: str | None) -> Named | str | None:
    """One end of explicit lineage: a dataset by its parts, or the ref of a job or a run."""
    if not isinstance(one, dict):
        return None
    if one.get("type") == "JOB":
        if not _is_named(one):
            return worker
        job = Named("job", one["name"], one["namespace"])
        ref = notes.thing(job)
        if "runId" not in one:
            return ref
        run = replace(job, kind="run", version=_run_id(one["runId"], "job.facets.lineage"))
        notes.edge(ref, "run_of", notes.thing(run))
        return run.ref
    return _of_dataset(one["namespace"], one["name"]) if _is_named(one) else None


def _said(facets: Mapping[str, Any]) -> dict[str, Any]:
    """Facts that facets of any thing say: what it is, and whose."""
    facts = {}
    words = facets.get("documentation", {}).get("description")
    if isinstance(words, str) and words:
        facts["description"] = words[:MAX_TEXT]
    owners = facets.get("ownership", {}).get("owners")
    first = owners[0] if isinstance(owners, list) and owners else None
    if isinstance(first, dict) and isinstance(first.get("name"), str):
        facts["owner"] = first["name"][:MAX_TEXT]
    return facts


def _code(facets: Mapping[str, Any]) -> dict[str, Any]:
    """Facts about the code of a job."""
    where = facets.get("sourceCodeLocation", {})
    told = {"repository": where.get("repoUrl") or where.get("url")}
    told["code_version"] = where.get("version")
    return {name: v[:MAX_TEXT] for name, v in told.items() if isinstance(v, str) and v}


def _counts(facet: Any) -> dict[str, int]:
    if not isinstance(facet, dict):
        return {}
    found = {COUNTED[name]: facet[name] for name in COUNTED if name in facet}
    return {name: value for name, value in found.items() if SIZES[name].fits(value)}


def _object(said: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    value = said.get(name)
    if not isinstance(value, dict):
        raise Unfit(place, "Must be an object.")
    return value


def _facets(said: dict[str, Any], name: str, place: str) -> dict[str, Any]:
    facets = said.get(name)
    if facets is None:
        return {}
    if not isinstance(facets, dict):
        raise Unfit(place, "Must be an object.")
    for key, facet in facets.items():
        if not isinstance(facet, dict):
            raise Unfit(f"{place}.{key[:80]}", "A facet is an object.")
    return facets


def _text(said: dict[str, Any], name: str, place: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not value:
        raise Unfit(place, "Must be a text.")
    return value
