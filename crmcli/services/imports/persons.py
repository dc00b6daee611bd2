"""The person of a row that is called by something else: first and last name beside the name of a firm or a subject."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"\w+")
#: What has more words is nobody's name.
_MOST_WORDS = 50


def joined(pieces: Sequence[str]) -> str:
    """First, middle and last name as one."""
    return " ".join([part for piece in pieces if (part := piece.strip())])


def apart(name: str, pieces: Sequence[str]) -> bool:
    """Whether the pieces of a person's name say something that a name does not. Their order, initials of either and
    what else the name has say nothing else: "King, Ada M.", "A. King" and Ada King are one."""
    if name == joined(pieces):
        return False
    said, (first, *others) = _words(name), [_words(piece) for piece in pieces]
    own = [word for some in (first, *others) for word in some]
    if not own or "".join(said) in ("".join(own), "".join(word for some in (*others, first) for word in some)):
        return False
    if len(said) > _MOST_WORDS:
        return True
    known, whole = set(said), {word for word in own if len(word) > 1}
    initials = {word for word in known if len(word) == 1}
    if whole:
        return known.isdisjoint(whole) or not all(word[0] in initials for word in whole - known)
    return not {word[0] for word in own} <= {word[0] for word in known}


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
