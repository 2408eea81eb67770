"""Markdown of messages: what is written shows, and nothing runs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.markup import mentions, render

PROBES = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox)",
    '[x](http://a" onmouseover="alert(1))',
    '[x](http://a "t\\" onmouseover=alert(1) x=\\"")',
    "<javascript:alert(1)>",
    "```x onclick=alert(1)\ncode\n```",
    '```"><script>alert(1)</script>\ncode\n```',
    'https://x/"onmouseover="alert(1)',
    '@ana"onclick=alert(1)',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#106;avascript:alert(1)",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "![x](javascript:alert(1))",
    "<!-- --><style>*{}</style>",
    "[a](x)<iframe src=//evil>",
    "`<script>`alert(1)`</script>`",
]
ALLOWED = {
    "p",
    "br",
    "strong",
    "em",
    "s",
    "code",
    "pre",
    "ul",
    "ol",
    "li",
    "blockquote",
    "a",
    "span",
}
TAG = re.compile(r"<\s*/?\s*([a-zA-Z][\w-]*)([^>]*)>")


def is_inert(html: str) -> bool:
    """Only allowed tags, no handler, no style, links with harmless schemes only."""
    for name, attributes in TAG.findall(html):
        if name not in ALLOWED:
            return False
        for attribute in re.findall(r'\s([\w-]+)="', attributes):
            if attribute not in {"href", "class", "rel", "start", "data-name", "data-role"}:
                return False
        for target in re.findall(r'href="([^"]*)"', attributes):
            scheme = re.match(r"[\w+.-]*:", target)
            if scheme and scheme[0].lower() not in {"http:", "https:", "mailto:"}:
                return False
    return "<" not in TAG.sub("", html)


@pytest.mark.parametrize("probe", PROBES)
def test_a_script_comes_out_inert(probe: str) -> None:
    assert is_inert(render(probe)), render(probe)


@given(st.text(alphabet=st.sampled_from("<>\"'`&;:/()[]!#@*_~=\\- \nascriptonx1"), max_size=80))
def test_whatever_is_written_comes_out_inert(text: str) -> None:
    assert is_inert(render(text))


def test_the_judge_of_inertness_can_fail() -> None:
    assert not is_inert('<p onclick="x">a</p>')
    assert not is_inert('<a href="javascript:x">a</a>')
    assert not is_inert("<img>")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**a** *b* ~~c~~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("> q", "<blockquote>\n<p>q</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("3. a", '<ol start="3">\n<li>a</li>\n</ol>'.replace("</ul>", "</ol>")),
        ("```python\na < b\n```", '<pre><code class="language-python">a &lt; b\n</code></pre>'),
        ("# no heading", "<p># no heading</p>"),
        ("| a |\n|---|", "<p>| a |<br>\n|---|</p>"),
        ("someone@example.com", "<p>someone@example.com</p>"),
        ("a & b", "<p>a &amp; b</p>"),
        ("", ""),
    ],
)
def test_the_subset_of_markdown(text: str, html: str) -> None:
    assert render(text) == html


def test_an_incident_is_linked_by_number_without_its_title() -> None:
    assert 'href="/incidents/42"' in render("see #42, please")
    for text in ("a#42", "#042", "`#42`", "##42", "[#42](http://x)"):
        assert "/incidents/" not in render(text)


def test_a_bare_address_becomes_a_link_without_its_full_stop() -> None:
    assert 'href="https://yarnit.example/a?b=1&amp;c=2"' in render(
        "(https://yarnit.example/a?b=1&c=2)."
    )
    assert 'rel="noopener noreferrer nofollow"' in render("https://yarnit.example")


def test_mentions_are_found_outside_code_and_links() -> None:
    called = mentions("@Ana and @ic, @ops! not a@b.c `@bo` [@cy](http://x) @ana")
    assert (called.names, called.roles) == (("ana",), ("commander", "operations"))


def test_a_mention_shows_as_written() -> None:
    assert render("@Ana.") == ('<p><span class="mention" data-name="ana">@Ana</span>.</p>')
    assert 'data-role="commander"' in render("@ic")
