"""What people write in the channel, from a subset of Markdown to safe HTML, once.

The HTML is the same for every reader. Nothing is looked up: a mention keeps the name as written
and a link to an incident its number, so that no title leaks to those who may not read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import nh3
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

RULES = [
    "autolink",
    "backticks",
    "blockquote",
    "code",
    "emphasis",
    "entity",
    "escape",
    "fence",
    "link",
    "list",
    "newline",
    "strikethrough",
]
TAGS = {"p", "br", "strong", "em", "s", "code", "pre", "ul", "ol", "li", "blockquote", "a", "span"}
ATTRIBUTES = {
    "*": set[str](),
    "a": {"href", "class"},
    "code": {"class"},
    "ol": {"start"},
    "span": {"class", "data-name", "data-role"},
}
SCHEMES = {"http", "https", "mailto"}

# Names by which a text may call a role.
ROLE_NAMES = {
    "ic": "commander",
    "commander": "commander",
    "ops": "operations",
    "operations": "operations",
    "comms": "communications",
    "communications": "communications",
    "planning": "planning",
}
SPECIAL = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"'`]*[^\s<>\"'`.,:;!?)\]}])"
    r"|(?<![\w@./-])@(?P<name>[A-Za-z](?:[\w.-]{0,48}\w)?)"
    r"|(?<![\w#&/])#(?P<number>[1-9]\d{0,8})\b"
)
LANGUAGE = re.compile(r"[a-z0-9+-]{1,20}")


@dataclass(frozen=True, slots=True)
class Mentions:
    """Whom a text calls: names as written, in lower case, and roles."""

    names: tuple[str, ...]
    roles: tuple[str, ...]


def render(text: str) -> str:
    """Safe HTML of a message; empty for an empty one."""
    return nh3.clean(
        _markdown.render(text),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    ).strip()


def mentions(text: str) -> Mentions:
    """Whom a text calls outside code, each once, in order."""
    blocks = (block.children or () for block in _markdown.parse(text))
    called = dict.fromkeys(token.meta["name"] for token in chain(*blocks) if "name" in token.meta)
    names = tuple(name for name in called if name not in ROLE_NAMES)
    roles = tuple(dict.fromkeys(ROLE_NAMES[name] for name in called if name in ROLE_NAMES))
    return Mentions(names, roles)


def _link_specials(state: StateCore) -> None:
    """Makes links and mentions of the plain text, but not within a link or in code."""
    for block in state.tokens:
        if block.type != "inline":
            continue
        inside = 0
        children: list[Token] = []
        for token in block.children or ():
            inside += token.nesting if token.type.startswith("link") else 0
            plain = token.type == "text" and not inside
            children += _split(token.content) if plain else [token]
        block.children = children


def _split(text: str) -> Iterator[Token]:
    end = 0
    for match in SPECIAL.finditer(text):
        if match.start() > end:
            yield Token("text", "", 0, content=text[end : match.start()])
        called = {"name": match["name"].lower()} if match["name"] else {}
        yield Token("special", "", 0, content=_special(match), meta=called)
        end = match.end()
    if end < len(text):
        yield Token("text", "", 0, content=text[end:])


def _special(match: re.Match[str]) -> str:
    written = escapeHtml(match[0])
    if match["url"]:
        return f'<a href="{written}">{written}</a>'
    if match["number"]:
        return f'<a class="incident-ref" href="/incidents/{match["number"]}">{written}</a>'
    name = match["name"].lower()
    role = ROLE_NAMES.get(name)
    kind = f' data-role="{role}"' if role else ""
    return f'<span class="mention" data-name="{name}"{kind}>{written}</span>'


def _render_special(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return tokens[index].content


def _render_fence(
    self: RendererHTML, tokens: list[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    # Only a plain word becomes a class: what else follows the fence would survive as one.
    language = LANGUAGE.fullmatch(tokens[index].info.strip().lower())
    named = f' class="language-{language[0]}"' if language else ""
    return f"<pre><code{named}>{escapeHtml(tokens[index].content)}</code></pre>\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"breaks": True, "html": False}).enable(RULES)
    parser.core.ruler.push("specials", _link_specials)
    parser.add_render_rule("special", _render_special)
    parser.add_render_rule("fence", _render_fence)
    return parser


_markdown = _parser()
