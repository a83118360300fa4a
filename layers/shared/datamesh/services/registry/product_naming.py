"""The names of products that events register: the words of their datasets.

`shop.public.orders` may be called `orders`, `public-orders`, `shop-public-orders`, the same after
the words of its namespace, and at last `shop-public-orders-` and 16 hexadecimal digits of the
SHA-256 over namespace and name. It is called by the first of these that no dataset of another
product may be called (`services.registry.wanted_names`).
"""

import re
from collections.abc import Iterator
from hashlib import sha256

from datamesh.models.json_codec import encode_for_digest
from datamesh.models.products import DatasetName
from datamesh.storage.records import RecordedName

MAX_SLUG_LENGTH = 80
DIGEST_LENGTH = 16
MAX_WORDS = 8
"""How many words of a dataset's name are added one by one, and of its namespace."""
UNSUITABLE_CHARACTERS = re.compile(r"[^a-zA-Z0-9_]+")
LETTER = re.compile(r"[a-zA-Z]")
PLAIN_NAME = re.compile(r"(?:[a-zA-Z_]{2}[a-zA-Z0-9_]*\.)*[a-zA-Z_]{2}[a-zA-Z0-9_]*")
"""A name whose words need no cleaning, as nearly all have."""
SAYS_NOTHING = re.compile(r"[^a-zA-Z]*|[vV][0-9]+")
"""Words such as `2026` and `v1`."""
WORD_ENDS = re.compile(r"[./]")
FILE_ENDING = re.compile(
    r"\.(?:avro|bz2|csv|delta|feather|gz|json|jsonl|ndjson|orc|parquet|tsv|txt|xlsx?|xml|zip|zst)$",
    re.IGNORECASE,
)

type AnyDatasetName = DatasetName | RecordedName


def build_product_name(dataset: AnyDatasetName) -> str:
    """Return the name that no other dataset may be called.

    `shop.public.orders` of `postgres://db` -> `shop-public-orders-` and 16 hexadecimal digits.
    """
    text = encode_for_digest([dataset.namespace, dataset.name], ascii_only=False)
    slug = _cut_slug(_write_slug(dataset.name)) or "dataset"
    return f"{slug}-{sha256(text).hexdigest()[:DIGEST_LENGTH]}"


def list_product_names(dataset: AnyDatasetName) -> list[str]:
    """Return what the product of a dataset may be called, the shortest name first.

    The last one has a digest, and is the only one if the dataset's name has no letter from A to Z.
    """
    return [*list_wordy_names(dataset), build_product_name(dataset)]


def list_wordy_names(dataset: AnyDatasetName) -> list[str]:
    """Return what the product of a dataset may be called, but for the name with a digest."""
    words = _split_words(dataset.name)
    if not any(map(LETTER.search, words)):
        return []
    names = _extend_names(words, _split_words(dataset.namespace, "/"))
    return [*dict.fromkeys(name for name in names if LETTER.search(name))]


def _extend_names(words: list[str], qualifiers: list[str]) -> Iterator[str]:
    """Yield the last word, and longer and longer ends of all of them."""
    name = ""
    for given in (words, qualifiers):
        first = given[:-MAX_WORDS]
        for word in [*reversed(given[-MAX_WORDS:]), *(["-".join(first)] if first else [])]:
            name = f"{word}-{name}" if name else word
            yield _cut_slug(name)


def _split_words(text: str, ends: str = "") -> list[str]:
    """Return the words of a name, those of a namespace up to a slash.

    A word without a letter, the ending of a file, and a partition (`day=1`) belong to the word
    before: they say nothing alone.
    """
    if not ends and PLAIN_NAME.fullmatch(text):
        return text.split(".")
    ending = FILE_ENDING.search(text)
    stem = text[: ending.start()] if ending and "/" in text else text
    words: list[str] = []
    for part in stem.split(ends) if ends else WORD_ENDS.split(stem):
        if not (word := _write_slug(part)):
            continue
        if words and (SAYS_NOTHING.fullmatch(word) or "=" in part):
            words[-1] = f"{words[-1]}-{word}"
        else:
            words.append(word)
    if stem is not text and words:
        words[-1] = f"{words[-1]}-{_write_slug(text[len(stem) :])}"
    return words


def _write_slug(text: str) -> str:
    return UNSUITABLE_CHARACTERS.sub("-", text).strip("-")


def _cut_slug(slug: str) -> str:
    return slug[-MAX_SLUG_LENGTH:].strip("-")
