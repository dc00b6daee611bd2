"""Completion: what a shell asks for when TAB is pressed, in its own words, answered without an error, a lock or a new
book."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from crmcli.commands.offering import offers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Offer = tuple[str, str]

#: Characters that a POSIX shell takes as its own; a word that has them is escaped, or not offered to zsh.
SPECIAL = re.compile(r"[\s\"'`$\\;&|<>(){}\[\]*?#~!^]")
GLOBS = frozenset("*?[")
#: The same between double quotes.
IN_QUOTES = re.compile(r"[\"`$\\]")
#: A record by its number: 12, lead:12.
NUMBER = re.compile(r"(?:[a-z_]+:)?[0-9]+")


def answer(shell: str) -> int:
    """Print the completions of the command line that the shell put into its environment variables; 0, and for fish's
    question whether there are any 1 where there are none."""
    try:
        words, current, quote = typed(shell)
        found = unique(offers(words, current))
    except Exception:
        # Whatever is wrong with the book or the words: a TAB must not write over what is being typed.
        if os.environ.get("CRM_DEBUG"):
            raise
        found = []
    if shell == "fish" and os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if found else 1
    text = zsh(found) if shell == "zsh" else fish(found) if shell == "fish" else bash(found, current, quote)
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.flush()
    except OSError:
        return 1
    return 0


# --- what the shells say ---------------------------------------------------------------------------------------------


def typed(shell: str) -> tuple[list[str], str, str]:
    """(the words before the cursor without the program's name, the word that is being typed, the quote it opens)."""
    if shell == "bash":
        given = os.environ.get("COMP_WORDS", "").split("\n")
        words = rejoined(given[: int(os.environ.get("COMP_CWORD", "0") or 0) + 1])
    else:
        words = split(os.environ.get("_TYPER_COMPLETE_ARGS", ""))
    last = words[-1] if len(words) > 1 else ""
    return [unquoted(word) for word in words[1:-1]], unquoted(last), last[:1] if last[:1] in ("'", '"') else ""


def rejoined(words: Sequence[str]) -> list[str]:
    """Words as the shell will pass them: bash takes them apart at : and =."""
    found: list[str] = []
    glue = False
    for word in words:
        breaker = bool(word) and not word.strip(":=")
        if found and (breaker or glue) and (word or glue) and len(found) > 1:
            found[-1] += word
        else:
            found.append(word)
        glue = breaker
    return found


def split(line: str) -> list[str]:
    """A command line as words, the last one perhaps empty; an open quote is closed by the end."""
    words = re.findall(r"(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*(?:\"|$)|'[^']*(?:'|$))+", line)
    return words if words and not re.search(r"(?<!\\)\s$", line) else [*words, ""]


def unquoted(word: str) -> str:
    return re.sub(r"\\(.)|[\"']", lambda found: found[1] or "", word)


# --- what the shells understand --------------------------------------------------------------------------------------


def unique(found: Iterable[Offer]) -> list[Offer]:
    return list(dict(found).items())


def bash(found: Iterable[Offer], current: str, quote: str = "") -> str:
    """Words one a line, without what stands before the last : or =, which bash took for a word of its own unless a
    quote was open. Of several record numbers each has its name behind it: bash has no place for meanings, and what
    stands behind # is harmless even where a line is taken as it is (menu-complete)."""
    kept = re.match(r".*[:=]", current)
    cut = len(kept[0]) if kept and not quote else 0
    # Behind an open quote nothing keeps bash from taking * ? [ of an answer for file names.
    words = [(w, meaning) for w, meaning in found if w.isprintable() and not (quote and GLOBS.intersection(w))]
    lines = []
    for word, meaning in words:
        line = escaped(word[cut:], quote)
        if len(words) > 1 and meaning and NUMBER.fullmatch(word) and not quote:
            line += f"  # {harmless(meaning)}"
        lines.append(line)
    return "".join(line + "\n" for line in lines)


def escaped(word: str, quote: str) -> str:
    """A word as bash takes it behind an open quote, or behind none."""
    if quote == "'":
        return word.replace("'", "'\\''")
    special = IN_QUOTES if quote else SPECIAL
    return special.sub(lambda found: "\\" + found[0], word)


def harmless(meaning: str) -> str:
    """A meaning of which no shell makes anything."""
    return " ".join("".join(c if c.isalnum() or c in " .,-+@/" else " " for c in meaning).split())


def zsh(found: Iterable[Offer]) -> str:
    """A call of zsh's `_arguments` with words and their meanings. The text is evaluated by the shell, so a word or a
    meaning with a character of the shell's own never gets there; a space does, zsh puts a backslash before it."""
    rows = []
    for word, meaning in found:
        if SPECIAL.search(word.replace(" ", "")) or not word.isprintable():
            continue
        about = harmless(meaning)
        rows.append(
            f'"{word}":"{about}"'.replace(word, word.replace(":", r"\\:"), 1)
            if about
            else f'"{word}"'.replace(":", r"\\:")
        )
    return "_arguments '*: :((" + "\n".join(rows) + "))'" if rows else "_files"


def fish(found: Iterable[Offer]) -> str:
    """Words and meanings with a tab between them."""
    from crmcli.domain.text import visible

    return "".join(
        f"{word}\t{visible(meaning)}\n" if meaning else f"{word}\n" for word, meaning in found if word.isprintable()
    )
