"""Words of texts and of questions, as the index of searches compares them."""

import re
import unicodedata

MAX_WORDS = 12
"""How many words of a question are looked for; those after it are left out."""
SHORTEST_PREFIX, SHORTEST_LAST_PREFIX = 3, 2
"""How many letters a word has at least that also finds longer ones; the last may be half typed."""

WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IDEOGRAPH = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
"""Characters of scripts that write no blanks between words: each is looked for as a word."""
_FILLERS = """
a about all an and are as at by can do does find for from get give has have how i in is it me my of
on or our per show that the their there this to us we what when where which who whose why with you
"""
FILLERS = frozenset(_FILLERS.split())
"""Words of questions that say nothing about data: left out where others are left."""


def fold_text(text: str) -> str:
    """Return a text without what searches do not tell apart: upper case, accents.

    >>> fold_text("Größe des Café")
    'grosse des cafe'
    """
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold())
    folded = "".join(each for each in parts if not unicodedata.combining(each))
    return _IDEOGRAPH.sub(r" \1 ", unicodedata.normalize("NFC", folded))


def fold_name(name: str) -> str:
    """Return a name with blanks between its parts, folded.

    >>> fold_name("dailyRevenue_byDay")
    'daily revenue_by day'
    """
    return fold_text(name if name.islower() else _HUMP.sub(" ", name))


def normalise_name(name: str) -> str:
    """Return what spellings of one name have in common.

    >>> normalise_name("Daily Revenue") == normalise_name("daily_revenue")
    True
    """
    return " ".join(WORD.findall(fold_name(name))) or name.strip()


def split_question(question: str) -> list[str]:
    """Return the words of a question that are looked for, folded, each once.

    >>> split_question("Which table has customer revenue by day?")
    ['table', 'customer', 'revenue', 'day']
    """
    words = [*dict.fromkeys(WORD.findall(fold_name(question)))]
    telling = [word for word in words if word not in FILLERS]
    return (telling or words)[:MAX_WORDS]


def list_singulars(word: str) -> list[str]:
    """Return what an English word may be the plural of.

    >>> list_singulars("categories")
    ['categorie', 'category']
    """
    if len(word) <= SHORTEST_PREFIX or not word.endswith("s") or word.endswith("ss"):
        return []
    return [word[:-1], *([word[:-3] + "y"] if word.endswith("ies") else [])]
