"""Texts as search sees them, whatever the database's locale takes for a letter or a capital."""

from __future__ import annotations

import re
import unicodedata

QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
SIGNS = re.compile(r"[^\w\x00-\x7f]")
APART = "\x01"  # parts words for the database's parser, and is no text of anybody


def searchable(text: str) -> str:
    """Without capitals, compatible characters made one, and no sign but those of ASCII."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return folded if folded.isascii() else SIGNS.sub(" ", folded)


def sought(text: str) -> str:
    """What somebody looks for, with typographic quotation marks taken for plain ones."""
    return searchable(text.translate(QUOTES))


def parted(text: str) -> str:
    """The text with its signs set apart from its words; `joined` takes that back."""
    return SIGNS.sub(f"{APART}\\g<0>{APART}", text.replace(APART, ""))


def joined(text: str) -> str:
    """What was set apart, together again."""
    return text.replace(APART, "")
