"""YAML and JSON text of documents, read strictly: what is written is what is kept."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

from monitoring.slo.exact import BadSlo

MAX_CHARACTERS = 200_000
MAX_DEPTH = 40
MOST = 10**15
Document = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """Scalars as YAML 1.2 reads them, and nothing that one document could hide from its reader.

    In YAML 1.1 ``no`` is a boolean, ``12:30:00`` a number to base 60 and ``2022-01-01`` a date,
    none of which would be written back as it was.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """A node, unless it only refers to another one."""
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise BadSlo("text", f"line {line}: anchors and aliases are not read; write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping whose keys are texts, each once."""
        seen = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if key.tag != "tag:yaml.org,2002:str":
                raise BadSlo("text", f"line {line}: a key must be a text")
            if key.value in seen:
                raise BadSlo("text", f"line {line}: {key.value!r} is given twice")
            seen.add(key.value)
        return super().construct_mapping(node, deep)


class _Dumper(yaml.SafeDumper):
    """Quotes every text that this loader, or a reader of YAML 1.1, would take for something else."""


_SCALARS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,30})", list("-+0123456789")),
    (
        "float",
        r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
        list("-+.0123456789"),
    ),
)
for _tag, _pattern, _first in _SCALARS:
    for _side in (_Loader, _Dumper):
        _side.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), _first
        )


def parse(text: str) -> list[Document]:
    """The documents of a text: one, several, or lists of them. Raises `BadSlo`."""
    if len(text) > MAX_CHARACTERS:
        raise BadSlo("text", f"may have {MAX_CHARACTERS:,} characters at most")
    found = [part for part in _parts(text) if part is not None]
    listed = [one for part in found for one in (part if isinstance(part, list) else [part])]
    if not listed:
        raise BadSlo("text", "holds no document")
    for place, one in enumerate(listed):
        if not isinstance(one, dict):
            raise BadSlo(str(place), "must be an object with apiVersion, kind, metadata and spec")
        _check(one, str(place), 0)
    return listed


def _parts(text: str) -> list[Any]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [json.loads(text, object_pairs_hook=_once)]
        except RecursionError:
            raise BadSlo("text", "is nested too deeply") from None
        except ValueError as error:
            if isinstance(error, BadSlo):
                raise
            # YAML may begin so as well.
    try:
        # The loader is a SafeLoader: it makes plain values only.
        return list(yaml.load_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise BadSlo("text", f"{where}is no YAML: {error.problem or error.context}") from None
    except yaml.YAMLError:
        raise BadSlo("text", "is no YAML: it has characters that may not be in it") from None
    except RecursionError:
        raise BadSlo("text", "is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadSlo("text", f"{twice!r} is given twice")
    return found


def _check(value: Any, path: str, depth: int) -> None:
    """Refuses what could not be kept: values that are not JSON, or without end."""
    if depth > MAX_DEPTH:
        raise BadSlo("text", "is nested too deeply")
    if isinstance(value, dict):
        for name, inner in value.items():
            _check(name, path, depth + 1)
            _check(inner, f"{path}.{name}", depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            _check(inner, f"{path}.{place}", depth + 1)
    elif isinstance(value, int) and abs(value) > MOST:
        raise BadSlo(path, "must be a number of at most 15 digits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise BadSlo(path, "must be a finite number")
    elif isinstance(value, str) and ("\x00" in value or not _is_unicode(value)):
        raise BadSlo(path, "has a character that cannot be kept")
    elif value is not None and not isinstance(value, str | bool | int | float):
        raise BadSlo(path, "must be a text, a number, true or false")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


FIRST = ("apiVersion", "kind", "metadata", "name", "displayName", "description", "spec")


def dump(documents: Iterable[Document]) -> str:
    """YAML text of documents, each by itself; fields in one order, however they were kept."""
    return yaml.dump_all(
        [_ordered(document) for document in documents],
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=100,
    )


def _ordered(value: Any) -> Any:
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda name: (FIRST.index(name) if name in FIRST else 99, name))
    return {name: _ordered(value[name]) for name in names}
