"""Where cells of a sheet link to: a column of its own behind the one that shows other words.

Loaded by the process that opens workbooks; it imports nothing of the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: The longest link in characters; Excel has 2,079.
_LONGEST = 2079


def address_of(target: str) -> str:
    """What a link opens, as people write it: ada@x.example of mailto:ada@x.example?subject=..., +1 555 0100 of tel:,
    the whole of http: and https:; "" for all else (files, places in the workbook)."""
    from urllib.parse import unquote

    target = target.strip()
    scheme, sign, rest = target.partition(":")
    if not sign or not rest or len(target) > _LONGEST:
        return ""
    scheme = scheme.lower()
    if scheme in ("mailto", "tel"):
        text = unquote(rest.partition("?")[0]).strip()
        return text if text.isprintable() else ""
    if scheme in ("http", "https") and rest.startswith("//") and rest.strip("/") and target.isprintable():
        return target
    return ""


def columns(
    rows: Iterable[list[Any]], links: dict[tuple[int, int], str], left: int, plain: Callable[[Any], str]
) -> list[int]:
    """The columns (0-based, of the rows, the first of which is column `left` of the sheet) where a link opens something
    else than what its cell shows."""
    wanted: dict[int, list[int]] = {}
    for row, column in links:
        wanted.setdefault(row, []).append(column - left)
    found: set[int] = set()
    for number, cells in enumerate(rows, 1):
        for column in wanted.get(number, ()):
            shown = plain(cells[column]).strip() if column not in found and 0 <= column < len(cells) else ""
            if shown and _bare(shown) != _bare(links[number, column + left]):
                found.add(column)
    return sorted(found)


def _bare(text: str) -> str:
    """A text without what tells an address from the same one as people shorten it."""
    bare = text.casefold().rstrip("/")
    for prefix in ("https://", "http://", "mailto:", "tel:", "www."):
        bare = bare.removeprefix(prefix)
    return bare.replace(" ", "") if bare[:1] in "+0123456789(" else bare


def with_targets(
    cells: list[str], number: int, linked: list[int], links: dict[tuple[int, int], str], left: int
) -> list[str]:
    """A row with a further cell behind each of the `linked` columns: what it links to."""
    made: list[str] = []
    start = 0
    for column in linked:
        made += cells[start : column + 1]
        made.append(links.get((number, column + left), ""))
        start = column + 1
    return made + cells[start:]
