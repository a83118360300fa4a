"""Credentials in what clients send: cut before anything is kept of it.

Connection addresses carry passwords (`postgresql://user:password@host`), and so do the properties
and variables of the environment that some clients send along. Whoever may read metadata may not
read the databases that it is about.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from pydantic import JsonValue

MARK = "****"
"""The text in the place of a credential that was cut: all around it stays."""

MAX_NAME = 200
"""How long a key may be to be looked at: longer ones are texts, and are not remembered."""

_SECRET = (
    r"(?:pass(?:word|wd|phrase)|pwd|secret|secret[._-]?(?:access[._-]?)?key|account[._-]?key"
    r"|access[._-]?token|auth[._-]?token|session[._-]?token|security[._-]?token|api[._-]?key"
    r"|private[._-]?key|shared[._-]?access[._-]?key)"
)
# Each ends at a slash, a blank or a quote, so that no text is looked through more than twice.
_USER_INFO = re.compile(r"""(://[^\s/?#@:'"<>`]*:)[^\s/?#'"<>`]+@""")
_THIN_USER = re.compile(r"""(?i)(jdbc:oracle:\w{1,9}:[^\s/@'"]{1,200}/)[^\s@'"]{1,200}@""")
_PARAMETER = re.compile(
    rf"""(?i)([?&;][\w.-]{{0,40}}?(?:{_SECRET}|sig(?:nature)?)=)[^\s&;#'"<>`]+"""
)
_NAME = re.compile(
    rf"(?i)(?:.*[._-])?(?:{_SECRET}|token)|\w*(?:password|secretkey)|fs\.azure\.account\.key\..*"
)
_HINTS = (b"pass", b"pwd", b"secret", b"token", b"key", b"sig")
"""Texts of which all that `_SECRET`, `_PARAMETER` and `_NAME` find has one."""


def cut_credentials(text: str) -> str:
    """Return a text without the passwords and keys of the addresses in it.

    >>> cut_credentials("postgresql://etl:pa55@db:5432/shop?sslpassword=x")
    'postgresql://etl:****@db:5432/shop?sslpassword=****'
    """
    if "@" in text:
        if "://" in text:
            text = _USER_INFO.sub(rf"\1{MARK}@", text)
        if "oracle:" in text:
            text = _THIN_USER.sub(rf"\1{MARK}@", text)
    return _PARAMETER.sub(rf"\1{MARK}", text) if "=" in text else text


def can_hold_credentials(body: bytes) -> bool:
    """Tell whether JSON could have something to cut: most events have not, and are not walked."""
    lower = body.lower()
    return b"@" in body or any(hint in lower for hint in _HINTS)


def cut_all_credentials(value: JsonValue) -> JsonValue:
    """Return JSON without the credentials in its texts, and in texts that are named as such.

    These are the value of a key such as `fs.s3a.secret.key`, and the `value` of an object whose
    `name` is one, such as `DB_PASSWORD`. Returns `value` itself if there are none.
    """
    if isinstance(value, str):
        return cut_credentials(value)
    if isinstance(value, list):
        items = [cut_all_credentials(each) for each in value]
        return items if _is_other(items, value) else value
    if not isinstance(value, dict):
        return value
    named = value.get("value") and value.get("name")
    is_named_secret = isinstance(named, str) and _is_secret(named)
    fields: dict[str, JsonValue] = {}
    for name, each in value.items():
        is_secret = _is_secret(name) or (name == "value" and is_named_secret)
        hides = is_secret and isinstance(each, str) and each
        fields[cut_credentials(name)] = MARK if hides else cut_all_credentials(each)
    is_same = fields.keys() == value.keys() and not _is_other(fields.values(), value.values())
    return value if is_same else fields


@lru_cache(maxsize=1024)  # The same few hundred keys are in all events.
def _is_secret(name: str) -> bool:
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def _is_other(after: Iterable[JsonValue], before: Iterable[JsonValue]) -> bool:
    return any(one is not other for one, other in zip(after, before, strict=True))
