"""Texts that an enemy would give a CRM, a book full of them, and what may never reach a terminal."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from crmcli.config import Settings
from crmcli.context import Context
from crmcli.domain.entities import COMPANY, CONTACT, DEAL, LEAD, TASK
from crmcli.services import records, tags, timeline
from tests.support import books

if TYPE_CHECKING:
    from pathlib import Path

#: Kind of attack -> texts; every one of them can be stored.
TEXTS = {
    "markup": ("[/]", "[red]x[/]", "[@click=app.quit]x[/]", "Acme [EU] Ltd", ":bomb: \\[x] a\\"),
    "template": ("{0.__class__}", "%s %n %(x)s", "{{7*7}} ${7*7}", "$(id) `id`", "#{x} <%= x %>"),
    "sql": (
        "'; drop table opportunity; --",
        '" or 1=1 --',
        "Robert'); DELETE FROM contact;--",
        "1) union select 1",
        "x'00",
    ),
    "path": ("../../x", "/etc/passwd", "~root", "-rf", "a/b\\c:d*e?f"),
    "ansi": ("\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1bPq\x1b\\", "\x9b31m", "a\x08\x08b\x7f"),
    "lines": ("a\nb", "a\r\nb\rc", "a\x0bb\x0cc", "a\x85b\u2028c\u2029d", "tab\there"),
    "bidi": ("\u202egnp.exe", "\u2066x\u2069", "\u200fsh\u200e", "\u202d\u202cx", "\u061ca"),
    "wide": ("👨‍👩‍👧‍👦 family", "日本語の会社", "Z͑ͫ̓a̴l͇g̶o", "علی رضایی", "ﬁ ß ẞ İ ı ŉ"),
    "fts": ("NEAR(", '"x', "o'brien", "a AND", "name:x OR", "*", "^a", "{a b}:c"),
    "formula": ("=1+1", "+cmd|' /C calc'!A0", "@SUM(A1)", "-2+3", "＝1+1", "\t=1"),
}
ALL = [text for texts in TEXTS.values() for text in texts]
#: One short text for the fields that take a line, with an escape, a bidi control, markup and a line end.
NASTY = "[/] \x1b]0;x\x07 \x9b2J \u202eevil\n'; --"
#: What may never reach a terminal: C0 but tab and newline, DEL, C1, controls of direction, line separators.
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def fill(path: Path) -> None:
    """Give the book at `path` a lead for every hostile text, and one nasty record of every other kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_NOW", books.NOW)
        patch.setenv("USER", "tester\x1b[31m")
        for name in list(os.environ):
            if name.startswith("CRM_") and name != "CRM_NOW":
                patch.delenv(name)
        patch.setenv("CRM_HOME", str(path.parent / "home"))
        ctx = Context(Settings({"db": str(path)}), command=f"fill {NASTY}", quiet=True, plugins=False)
        with ctx.writing("test"):
            for text in ALL:
                records.add(ctx, LEAD, {"name": text, "company": text, "job_title": text, "description": text})
        nasty = {"description": NASTY, "street": NASTY, "city": NASTY, "source": NASTY, "owner": NASTY}
        records.add(ctx, COMPANY, {"name": NASTY, **nasty})
        records.add(
            ctx, CONTACT, {"name": NASTY, "company": NASTY, "job_title": NASTY, **nasty, "email": "n@x.example"}
        )
        records.add(
            ctx, DEAL, {"name": NASTY, "contact": NASTY, "company": NASTY, "value": "1000", **nasty}, note=NASTY
        )
        deal = int(ctx.reader.value("SELECT max(id) FROM opportunity"))
        records.add(ctx, TASK, {"name": NASTY, "on": f"deal:{deal}", "due": "today", "description": NASTY})
        timeline.add(ctx, DEAL, deal, "call", NASTY)
        tags.add(ctx, "[/]\x1b[31m\u202e", DEAL, [deal])
        tags.add(ctx, "[/]\x1b[31m\u202e", LEAD, [1])
        ctx.close()
