"""Styles, scripts and icons: budgets, one place for colours, and nothing that the policy forbids."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from config.environment import ROOT
from eventlog.core import event_types
from incidents.sentences import told
from monitoring.pages import CHANGES, STATES

STATIC, TEMPLATES = ROOT / "static", ROOT / "templates"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
STYLES = sorted((STATIC / "css").glob("*.css"))
PAGES = sorted(TEMPLATES.rglob("*.html"))
PAIR = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
IMPORT = re.compile(r'from "\./([\w-]+\.js)"')
PAIRS = [
    *((ink, on) for ink in ("ink", "ink-2", "ink-3") for on in ("canvas", "panel", "inset")),
    *((ink, on) for ink in ("ink", "ink-2", "ink-3") for on in ("hover", "selected", "overlay")),
    *((f"{tone}-ink", f"{tone}-soft") for tone in ("bad", "warn", "note", "good")),
    *((f"{tone}-ink", "panel") for tone in ("bad", "warn", "note", "good")),
    ("accent", "accent-soft"),
    ("accent", "panel"),
    ("accent", "canvas"),
]


def packed(paths: list[Path]) -> int:
    """Bytes on the wire, gzipped one by one."""
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def loaded_by(script: str) -> set[str]:
    """A module with everything that it imports."""
    found, waiting = set(), [script]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += IMPORT.findall((STATIC / "js" / name).read_text())
    return found


def test_the_heaviest_page_loads_less_script_than_its_budget() -> None:
    names = loaded_by("frame.js") | loaded_by("incident.js")
    assert packed([STATIC / "js" / name for name in names]) < 60_000


def test_styles_stay_small() -> None:
    assert packed(STYLES) < 20_000


def test_every_module_that_is_imported_exists() -> None:
    for script in SCRIPTS:
        for name in IMPORT.findall(script.read_text()):
            assert (STATIC / "js" / name).exists(), f"{script.name} imports {name}"


def test_only_tokens_name_a_colour() -> None:
    allowed = {"#ffffff59"}  # the edge of a keycap on a filled button
    for style in STYLES:
        if style.name != "tokens.css":
            text = re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.S)
            assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", text)) <= allowed, style.name


def test_no_template_has_script_or_style_of_its_own() -> None:
    for page in PAGES:
        text = page.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), page
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text), page


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', (STATIC / "icons.svg").read_text()))
    for page in PAGES:
        named = set(re.findall(r'{% icon "([\w-]+)"', page.read_text()))
        assert named <= drawn, f"{page.name}: {named - drawn}"


def test_every_icon_that_code_names_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'id="i-([\w-]+)"', (STATIC / "icons.svg").read_text()))
    todo = set(re.findall(r'"icon": "([\w-]+)"', (ROOT / "incidents/pages.py").read_text()))
    events = {told(event_type).icon for event_type in event_types()}
    states = {icon for *_, icon in STATES.values()} | {icon for icon, _ in CHANGES.values()}
    assert todo | events | states <= drawn


def test_every_class_that_styles_name_is_used() -> None:
    built = {
        "c-tick",
        "dot",
        "sev",
        "chip",
        "banner",
        "toast",
        "css",
    }  # their kind comes from a value
    sources = [
        *PAGES,
        *SCRIPTS,
        *(ROOT / "config").rglob("*.py"),
        *(ROOT / "incidents").glob("*.py"),
        *(ROOT / "experiments").glob("*.py"),
    ]
    text = "\n".join(path.read_text() for path in sources)
    for style in STYLES:
        rules = re.sub(r"/\*.*?\*/", "", style.read_text(), flags=re.S)
        named = set(re.findall(r"\.([a-zA-Z][\w-]*)", rules))
        unused = {n for n in named if n not in text and n.partition("--")[0] not in built}
        assert unused == set(), style.name


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_is_legible_on_what_it_stands_on(theme: int) -> None:
    text = (STATIC / "css" / "tokens.css").read_text()
    colours = {name: values[theme] for name, *values in PAIR.findall(text)}
    faint = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair in PAIRS
        if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert faint == {}


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
