"""Texts of a server, made harmless before anybody sees them."""

from __future__ import annotations

import unicodedata

#: Characters of a server's text that are shown.
LONGEST = 200
#: Joiners that Persian and emoji need; other format characters (overrides of direction ...) are dropped.
_KEPT = "\u200c\u200d"


def shown(text: str) -> str:
    """One line of at most 200 characters without controls, overrides of direction and lone surrogates."""
    # Far more than is shown is not looked at: a name may be as long as an answer.
    words = " ".join(text[: 20 * LONGEST].split())
    plain = "".join(c for c in words if c in _KEPT or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def crlf(text: str) -> str:
    """The text with CRLF at the end of every line, as iCalendar and vCard have it; XML makes each of them an LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")
