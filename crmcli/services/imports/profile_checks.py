"""Whether what a profile says makes sense: known keys, kinds, fields and words, each fault named with its line."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.domain.entities import PRIORITIES, STATUSES
from crmcli.domain.fields import suggest
from crmcli.domain.text import check_text, clip, visible
from crmcli.domain.types import Choice, Currency, Day, Instant, Money, Ref, Tags, Text
from crmcli.errors import CrmError, FieldError, UsageError
from crmcli.services.imports.by_hand import field_of
from crmcli.services.imports.dates import DATES
from crmcli.services.imports.roles import KINDS, ROLES, TAKEN_OVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crmcli.domain.fields import Entity

KEYS = (
    "title", "kind", "refuse", "headers", "id", "prefix", "match", "dates", "decimal", "encoding", "delimiter",
    "sheet", "header_row", "skip_rows", "columns", "values", "set",
)  # fmt: skip
#: What a profile can set for every row: what is no row's own.
_NEVER_SET = frozenset(
    ("name", "description", "stage", "pipeline", "status", "company", "contact", "parent", "opportunity")
)
_LONGEST, _MOST, _MOST_LINES = 500, 2000, 1_000_000
#: Codecs of texts in which no file is written.
_NO_ENCODINGS = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"))
_TABLE = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#|$)")


class Checked(NamedTuple):
    """What a profile says. `headers` are its distinctive titles, each with the forms that it has in other languages;
    `columns` title -> field ("" ignores it); `values` field -> word of the file -> ours; `set` field -> text."""

    title: str
    kind: str
    refuse: str
    headers: tuple[tuple[str, ...], ...]
    id: tuple[str, ...]
    prefix: str
    match: tuple[str, ...]
    dates: str
    decimal: str
    encoding: str
    delimiter: str
    sheet: str
    header_row: int | None
    skip_rows: int
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    set: Mapping[str, str]

    @property
    def opens(self) -> bool:
        """Whether it says how a file is opened."""
        return bool(self.encoding or self.delimiter or self.sheet or self.skip_rows) or self.header_row is not None


def checked(tree: Mapping[str, Any], text: str, where: str) -> Checked:
    """The content of a profile's TOML. Raises UsageError: `where`, the line, what is wrong, what would be right."""
    return _Check(tree, text, where).done()


class _Check:
    def __init__(self, tree: Mapping[str, Any], text: str, where: str) -> None:
        self.tree, self.lines, self.where = tree, text.splitlines(), where

    def done(self) -> Checked:
        for key in self.tree:
            if key not in KEYS:
                raise self._wrong(key, f"a profile has no '{key}'", suggest(key, KEYS) or f"it has: {', '.join(KEYS)}")
        kind, refuse = self._kind(), self._text("refuse")
        entity = next((one for one in KINDS if one.name == kind), None)
        return Checked(
            self._text("title"), kind, refuse, self._headers(), self._words("id"), self._text("prefix"),
            self._match(entity), self._one("dates", tuple(DATES)), self._one("decimal", (".", ",")),
            self._encoding(), self._delimiter(), self._text("sheet"), self._count("header_row"),
            self._count("skip_rows") or 0, self._columns(entity), self._values(entity), self._set(entity),
        )  # fmt: skip

    def _wrong(self, key: str, what: str, hint: str = "", table: str = "") -> UsageError:
        """The fault of a key in a `table` of the profile, "" for those above all tables."""
        line = self._line(key, table)
        return UsageError(f"{self.where}{f', line {line}' if line else ''}: {visible(clip(what, 300))}", hint)

    def _line(self, key: str, table: str) -> int:
        """The line of a key: where it stands before a sign of equality in its table, else the head of that table, else
        the first line that has the word; 0 where none has."""
        word = rf"(?<![\w-]){re.escape(key)}(?![\w-])"
        is_key, has_word = re.compile(rf"\s*[\"']?{re.escape(key)}[\"']?\s*="), re.compile(word)
        above, head = "", 0
        for number, line in enumerate(self.lines, 1):
            if found := _TABLE.match(line):
                above = found[1].replace('"', "").replace("'", "")
                head = number if above in (table, f"{table}.{key}", key) and not head else head
            elif above == table and is_key.match(line):
                return number
        words = (n for n, line in enumerate(self.lines, 1) if has_word.search(line.partition(" #")[0]))
        return head or next(words, 0)

    # --- plain values ---

    def _str(self, key: str, value: Any, table: str = "") -> str:
        if not isinstance(value, str):
            what = f"{key} wants a text in quotation marks, not {clip(repr(value), 40)}"
            raise self._wrong(key, what, table=table)
        if len(value) > _LONGEST:
            raise self._wrong(key, f"{key}: a text of {len(value):,} characters is too long", table=table)
        try:
            return check_text(value)
        except FieldError as error:
            raise self._wrong(key, f"{key}: {error.message}", table=table) from None

    def _text(self, key: str) -> str:
        return self._str(key, self.tree.get(key, ""))

    def _one(self, key: str, choices: tuple[str, ...]) -> str:
        value = self._text(key)
        if value and value not in choices:
            raise self._wrong(key, f"{key} wants {' or '.join(choices)}, not '{value}'")
        return value

    def _count(self, key: str) -> int | None:
        value = self.tree.get(key)
        if value is not None and (type(value) is not int or not 0 <= value <= _MOST_LINES):
            raise self._wrong(key, f"{key} wants the number of a line, not {clip(repr(value), 40)}")
        return value

    def _words(self, key: str) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.tree.get(key, ())
        some = value if isinstance(value, (list, tuple)) else [value]
        return tuple(self._str(key, one) for one in some[:_MOST])

    def _table(self, key: str, tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
        value = tree.get(key, {})
        if not isinstance(value, dict):
            raise self._wrong(
                key, f"{key} wants a table", f"write [{key}] on a line of its own, and under it lines NAME = ...", above
            )
        if len(value) > _MOST:
            raise self._wrong(key, f"[{key}] has {len(value):,} lines: that is too much", table=above)
        return value

    # --- what they mean ---

    def _kind(self) -> str:
        kind, names = self._text("kind"), [one.name for one in KINDS]
        if kind and kind not in names:
            raise self._wrong(
                "kind", f"there is no kind '{kind}'", suggest(kind, names) or f"known: {', '.join(names)}"
            )
        if bool(kind) == bool(self.tree.get("refuse")):
            raise UsageError(f"{self.where}: a profile says its kind, or refuse and why", 'as in: kind = "contact"')
        return kind

    def _headers(self) -> tuple[tuple[str, ...], ...]:
        value = self.tree.get("headers", [])
        if not isinstance(value, list) or len(value) > _MOST:
            raise self._wrong("headers", "headers wants a list of titles", 'as in: headers = ["Deal ID", "Deal Stage"]')
        some = [one if isinstance(one, list) else [one] for one in value]
        return tuple(tuple(self._str("headers", title) for title in titles) for titles in some if titles)

    def _match(self, kind: Entity | None) -> tuple[str, ...]:
        words = self._words("match")
        for word in words:
            for name in word.split("+"):
                self._field(kind, name.strip(), "match")
        return words

    def _encoding(self) -> str:
        name = self._text("encoding")
        try:
            if name and codecs.lookup(name).name in _NO_ENCODINGS:
                raise LookupError
            b"a".decode(name or "utf-8", "replace")  # which codecs of bytes refuse
        except (LookupError, ValueError):
            raise self._wrong(
                "encoding", f"there is no encoding '{name}'", "as in utf-8, windows-1252, windows-1256"
            ) from None
        return name

    def _delimiter(self) -> str:
        sign = self._text("delimiter")
        if sign and (len(sign) != 1 or sign in '"\r\n\0'):
            raise self._wrong("delimiter", f"delimiter wants one character, not {sign!r}")
        return sign

    def _field(self, kind: Entity | None, to: str, title: str, table: str = "", *, roles: bool = False) -> str:
        """The field that a word of the profile means. Raises UsageError with a suggestion."""
        name = field_of(kind, to) if kind else to
        if name is None or (name in ROLES and not roles):
            assert kind is not None
            known = [one for one, field in kind.by_name.items() if field.settable] + (list(ROLES) if roles else [])
            hint = suggest(to, known, f"crm fields {kind.name}")
            raise self._wrong(title, f"{kind.name} has no field '{to}' for '{title}'", hint, table)
        field = kind.by_name.get(name) if kind else None
        if field is not None and not field.settable and field.name not in TAKEN_OVER:
            what = f"{field.name} of a {kind.name if kind else ''} is set by the program"
            raise self._wrong(title, what, table=table)
        return name

    def _columns(self, kind: Entity | None) -> dict[str, str]:
        found = {}
        for title, to in self._table("columns", self.tree).items():
            text = self._str(title, to, "columns")
            found[self._str("columns", title)] = self._field(kind, text, title, "columns", roles=True)
        return found

    def _values(self, kind: Entity | None) -> dict[str, dict[str, str]]:
        found = {}
        tables = self._table("values", self.tree)
        for field in tables:
            name, at = self._field(kind, field, field, "values", roles=True), f"values.{field}"
            field_type = kind.by_name[name].type if kind and name in kind.by_name else None
            if isinstance(field_type, (Money, Day, Instant)):
                raise self._wrong(field, f"[values.{field}]: amounts and days have no words", table="values")
            said = self._table(field, tables, "values").items()
            words = {self._str(field, word, "values"): self._str(word, to, at) for word, to in said}
            known = {"status": STATUSES, "priority": PRIORITIES}.get(name)
            known = known or (field_type.options if isinstance(field_type, Choice) else None)
            for word, to in words.items():
                if known and to and to not in known:
                    hint = suggest(to, known) or f"it has: {', '.join(known)}"
                    raise self._wrong(word, f"{name} has no '{to}'", hint, at)
            found[name] = words
        return found

    def _set(self, kind: Entity | None) -> dict[str, str]:
        found = {}
        for field, text in self._table("set", self.tree).items():
            name = self._field(kind, field, field, "set")
            field_type = kind.by_name[name].type if kind else None
            fit = isinstance(field_type, (Choice, Currency, Tags, Text)) or (
                isinstance(field_type, Ref) and field_type.words
            )
            if name in _NEVER_SET or not fit:
                raise self._wrong(field, f"[set] cannot give every row the same {name}", table="set")
            found[name] = self._str(field, text, "set")
            parse: Callable[..., Any] | None = getattr(field_type, "parse", None)
            try:
                if parse and isinstance(field_type, (Choice, Currency)):
                    parse(found[name], None)
            except CrmError as error:
                raise self._wrong(field, error.message, error.hint, "set") from None
        return {field: text for field, text in found.items() if text.strip()}
