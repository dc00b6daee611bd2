"""Cells that hold more than one thing: several addresses or numbers, names with addresses, lists of tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crmcli.domain.text import blank, check_text
from crmcli.services.imports.columns import cached, each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.services.imports.columns import Problems

_APART = re.compile(r";|,(?=[^,]*@)")
_PAGES = re.compile(r"\s*(\S[^()]*?)\s*\(https?://[^\s()]+\)\s*(?:,\s*(.+\(https?://[^\s()]+\))\s*)?")
_ADDRESS = re.compile(r"\s*[^\s()<>;,@]+@[^\s()<>;,@]+\s*")
_MANY = re.compile(r"\s*:::\s*|\s*[;|,]\s*|\s+/\s+")
_NAMED_ADDRESS = re.compile(r"\s*(\S.*?)\s*[(<]\s*([^\s()<>]+@[^\s()<>]+)\s*[)>]\s*")
_NUMBERED = re.compile(r"\s*(\S.*?)\s*\(\d{5,}\)\s*")
_ONE_QUOTED = re.compile(r""""([^"]*)"|'([^']*)'""")
_QUOTED = re.compile(
    r"""\s*(?:\[\s*)?(?:"[^"]*"|'[^']*')(?:\s*[,;|]\s*(?:"[^"]*"|'[^']*'))*(?:\s*\])?\s*|\s*\[\s*\]\s*"""
)
_SPLIT = re.compile(r":::|[,;|،\n]")


def several(cells: list[str], header: str, *, telephones: bool) -> tuple[list[str], dict[int, str]]:
    """The first address or number of each cell of a column, and by row what else the cell has ("Email: b@x.example").
    Google parts them by " ::: ", others by ; , or a new line."""
    joined = "\n".join(cells)
    if not any(mark in joined for mark in ":;|,/") and joined.count("\n") < len(cells):
        return cells, {}
    first, more = list(cells), {}
    for row, cell in enumerate(cells):
        parts = [part for piece in _MANY.split(cell.replace("\n", ";")) if (part := piece.strip())]
        if len(parts) > 1 and all((sum(c.isdigit() for c in p) > 4) if telephones else ("@" in p) for p in parts):
            first[row], more[row] = parts[0], f"{header}: {', '.join(parts[1:])}"
        elif len(parts) == 1 and ":::" in cell:
            first[row] = parts[0]
    return first, more


def linked(cells: list[str], header: str) -> tuple[list[str], list[str | None], dict[int, str]]:
    """(names, e-mail addresses, what else the cell has by row) of a column that names people or companies, as HubSpot
    does: "Ada Lovelace (ada@engines.example);Bob Ray (bob@x.example)", "Acme (1234567)", or Notion: "Acme
    (https://notion.so/acme)"; addresses alone are names."""
    names = list(cells)
    more: dict[int, str] = {}
    emails: list[str | None] = [None] * len(cells)
    whole = "".join(cells)
    if not any(mark in whole for mark in "(<@"):
        return names, emails, more
    for row, cell in enumerate(cells):
        if not any(mark in cell for mark in "(<@"):
            continue
        if pages := _PAGES.fullmatch(cell):
            names[row] = pages[1]
            if pages[2]:
                more[row] = f"{header}: {pages[2]}"
            continue
        one, *others = _APART.split(cell) if cell.count("@") > 1 or ";" in cell else [cell]
        address, numbered = _NAMED_ADDRESS.fullmatch(one), _NUMBERED.fullmatch(one)
        if address:
            names[row], emails[row] = address[1], address[2].lower()
        elif numbered:
            names[row] = numbered[1]
        elif _ADDRESS.fullmatch(one):
            names[row], emails[row] = one.strip(), one.strip().lower()
        else:
            continue
        if others:
            more[row] = f"{header}: {'; '.join(other.strip() for other in others)}"
    return names, emails, more


def many_words(cells: Sequence[str], header: str, bad: Problems, *, own: bool = False) -> list[tuple[str, ...]]:
    """Names of tags, parted by , ; | ::: or a new line, or quoted as Mailchimp and JSON do: "VIP","News". Google's own
    groups ("* myContacts") are none. In a file of our `own` quotes are part of a name."""

    def parse(text: str) -> tuple[str, ...]:
        text = check_text(text)
        parts = _quoted(text) if not own and _QUOTED.fullmatch(text) else _SPLIT.split(text)
        names = (" ".join(part.split()) for part in parts)
        return tuple(dict.fromkeys(name for name in names if not blank(name) and not name.startswith("* ")))

    return [some or () for some in each(cached(parse), cells, header, bad)]


def _quoted(text: str) -> list[str]:
    """The texts of a list of quoted ones."""
    import json

    inside = text.strip().removeprefix("[").removesuffix("]")
    try:
        return [str(part) for part in json.loads(f"[{inside}]")]
    except ValueError:  # single quotes, or a backslash that escapes nothing
        return [double or single for double, single in _ONE_QUOTED.findall(inside)]
