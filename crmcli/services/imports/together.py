"""Files that are imported together: in which order, with which options, and what each knows of those before it."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any, Unpack

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, ENTITIES, INTERACTION, LEAD, TASK
from crmcli.errors import UsageError
from crmcli.exchange.tables import open_table
from crmcli.services.imports import profiles
from crmcli.services.imports.block_reader import Reader
from crmcli.services.imports.by_hand import field_of, place_of
from crmcli.services.imports.foreign import Refused
from crmcli.services.imports.linked_names import BY_ADDRESS, TELEPHONES
from crmcli.services.imports.linking import Links
from crmcli.services.imports.planning import plan, undecided
from crmcli.services.imports.resuming import SharedLedger
from crmcli.services.imports.roles import KINDS
from crmcli.services.imports.running import run
from crmcli.services.imports.surveying import asked_profile, opening
from crmcli.services.imports.trial import Seen, Tried

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.services.imports.imported import Imported
    from crmcli.services.imports.options import Options
    from crmcli.services.imports.planning import Plan

#: What links to nothing comes first, what links to all comes last.
ORDER = (COMPANY, CONTACT, LEAD, DEAL, TASK, INTERACTION)


def ordered(plans: Iterable[Plan]) -> list[Plan]:
    """The plans in the order in which their records link up. Of files of one kind those that say more come first: what
    a file with a mailing's members has of people is known by then, where it would be all that they get. With an update,
    which gives each of them its say, they stay as they were given."""

    def place(made: Plan) -> tuple[int, int]:
        says = {to for column in made.columns for to in column.to}
        return ORDER.index(made.kind) if made.kind in ORDER else len(ORDER), 0 if made.update else -len(says)

    return sorted(plans, key=place)


class Together:
    """What the files of one import have in common: the batch that takes them all back and what that keeps of them, how
    many rows of the files before are settled, which ids these have for others than the book, and in a dry run the
    records that they would have added."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.batch = self.settled = 0
        self.ledger = SharedLedger(plans)
        #: by table: what some file is matched by
        self._columns: dict[str, set[str]] = {}
        for made in plans:
            if made.kind is not None:
                keys = (made.kind.field(name).key_column for key in made.keys for name in key)
                self._columns.setdefault(made.kind.table, set()).update(keys)
        #: by table
        self.tried: dict[str, Tried] = {}
        self.retried: dict[str, Seen] = {}
        self._links: Links | None = None
        kinds = Counter(made.kind.name for made in plans if made.kind is not None)
        self._refused = Refused(ENTITIES[name] for name, files in kinds.items() if files == 1)

    def links(self, ctx: Context, *, dry_run: bool) -> Links:
        """The links of the next file: in a dry run the same for all, so that what is not there yet has one stand-in."""
        if not dry_run:
            return Links(ctx, refused=self._refused)
        if self._links is None:
            self._links = Links(ctx, self.tried, self._refused)
        self._links.forget()  # the file before may have added what was looked for in vain
        return self._links

    def trial(self, kind: Entity, columns: Sequence[str]) -> tuple[Tried, Seen]:
        """What the files so far would have added to the table of a kind, and which records they would have changed.
        `columns` are those that the next file is matched by."""
        if kind.table not in self.tried:
            named = [column for table, column in BY_ADDRESS.items() if table == kind.table]
            named += TELEPHONES if kind is CONTACT else ("email_key",) if kind in (LEAD, DEAL) else ()
            every = sorted(self._columns.get(kind.table, set()).union(columns, named))
            self.tried[kind.table], self.retried[kind.table] = Tried(every), Seen()
        return self.tried[kind.table], self.retried[kind.table]


def run_all(
    ctx: Context,
    plans: Sequence[Plan],
    *,
    whole: bool = False,
    watched: Callable[[], AbstractContextManager[Callable[[int, int], None] | None]] = nullcontext,
) -> list[Imported]:
    """Import the files of these plans, in this order, as one batch. `whole`: all rows of all files come in, or none if
    one is refused; a dry run of all goes first. `watched` gives what is told of the progress of each file."""
    together = Together(plans)
    if not whole:
        return [_watched(ctx, made, together, watched) for made in plans]
    tried = [run(ctx, made, dry_run=True, together=together) for made in plans]
    if any(one.refused for one in tried):
        return [one._replace(withheld=True) for one in tried]
    together = Together(plans)
    done: list[Imported] = []
    with ctx.reader.in_bulk(), suppress(_WithheldError), ctx.writing("import", command=ctx.command):
        for made in plans:
            done.append(_watched(ctx, made, together, watched, whole=True, tried=True))
            if done[-1].withheld:  # somebody wrote since the dry run
                raise _WithheldError
    if done[-1].withheld:
        return [one._replace(withheld=True) for one in done]
    batch = ctx.batch
    undo = ctx.settings.calling("undo", str(batch)) if batch else ""
    return [one.of_batch(batch, undo) for one in done]


def _watched(ctx: Context, made: Plan, together: Together, watched: Any, **ways: Any) -> Imported:
    with watched() as progress:
        return run(ctx, made, progress=progress, together=together, **ways)


class _WithheldError(Exception):
    """Ends the transaction of an import that takes in all rows or none."""


# --- options ----------------------------------------------------------------------------------------------------------


def plan_all(
    ctx: Context,
    files: Sequence[tuple[str, str]],
    kinds: Sequence[Entity | None] = (),
    **options: Unpack[Options],
) -> list[Plan]:
    """The plans of several files, (path, what people call it, "" for the path) each, in the order in which they are to
    be imported. `kinds` are what their rows are, file by file, None where that was not said. The options are those of
    `plan`; one that names a column, a field, a sheet or a profile goes to the files that have it. Raises UsageError for
    one that goes to none, and what `plan` raises."""
    _check_twice(files)
    found = _Fitting(options)
    plans = []
    for (path, called), kind in zip(files, kinds or [None] * len(files), strict=True):
        made = found.plan(ctx, path, kind or options.get("kind"))._replace(called=called)
        if made.kind is None and made.profile is None:
            made = made._replace(problem=undecided(made.fits, os.path.basename(called or path)))
        plans.append(made)
    found.check()
    return ordered(plans)


def _check_twice(files: Sequence[tuple[str, str]]) -> None:
    known: dict[str, str] = {}
    for path, called in files:
        place = os.path.realpath(path)
        if place in known:
            raise UsageError(f"{called or path} is given twice", "name each file once")
        known[place] = path


class _Fitting:
    """Gives each file the options that fit it, and knows in the end which fitted none."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._left: dict[str, str] = {}
        for title in options.get("mapping") or {}:
            self._left[f"--map {title}"] = f"no file has a column '{title}'"
        for title in options.get("column_dates") or {}:
            self._left[f"--dates {title}"] = f"no file has a column '{title}'"
        for title, to in (options.get("mapping") or {}).items():
            if all(field_of(kind, to) is None for kind in KINDS):
                self._left[f"--map {title}"] = f"there is no field '{to.strip()}' to map '{title}' to"
        for name, word, what in (
            ("id_column", "--id", "no file has a column '{}'"), ("sheet", "--sheet", "no file has a sheet '{}'"),
            ("encoding", "--encoding", "no file is a text in the encoding {}"),
            ("delimiter", "--delimiter", "no file is a text with cells to separate by {!r}"),
            ("match", "--match", "no file can be matched by {}"),
        ):  # fmt: skip
            if value := options.get(name):
                self._left[word] = what.format(",".join(value) if isinstance(value, list) else value)

        for name in self._asked():
            self._left[f"--profile {name}"] = f"the titles of no file speak of the profile {name}"

    def _asked(self) -> list[str]:
        """The profiles that are asked for, each for the files that it fits."""
        return [name for name in self._options.get("profiles", ()) if name != profiles.NONE]

    def check(self) -> None:
        """Raises UsageError for an option that fitted no file."""
        for why in self._left.values():
            raise UsageError(why, "the options go to the files that they fit; import a file alone to see its columns")

    def plan(self, ctx: Context, path: str, kind: Entity | None) -> Plan:
        """The plan of a file whose rows are of that kind."""
        options: Options = {**self._options, "kind": kind, "match": None, "id_column": "", "profiles": ()}
        header, workbook = self._look(path, options)
        mapping = {}
        for title, to in (self._options.get("mapping") or {}).items():
            if place_of(header, title) is not None and any(field_of(kind, to) is not None for kind in KINDS):
                mapping[title] = to
                self._left.pop(f"--map {title}", None)
        options["mapping"] = mapping
        options["column_dates"] = column_dates = {}
        for title, word in (self._options.get("column_dates") or {}).items():
            if place_of(header, title) is not None:
                column_dates[title] = word
                self._left.pop(f"--dates {title}", None)
        if place_of(header, self._options.get("id_column") or "") is not None:
            options["id_column"] = self._options["id_column"]
            self._left.pop("--id", None)
        if asked_profile(self._options) == profiles.NONE:
            options["profiles"] = self._options["profiles"]
        elif asked := profiles.fitting(self._asked(), header, kind):
            options["profiles"] = asked[:1]
            for name in asked:
                self._left.pop(f"--profile {name}", None)
        if not workbook:
            self._left.pop("--encoding", None)
            self._left.pop("--delimiter", None)
        made = plan(ctx, path, **options)
        match = [word for word in self._options.get("match") or () if made.kind and self._matches(ctx, made, word)]
        if match:
            self._left.pop("--match", None)
            options["match"] = match
            made = plan(ctx, path, **options)
        return made

    def _look(self, path: str, options: Options) -> tuple[list[str], bool]:
        """The titles of a file and whether it is a workbook; the options of the other kind are taken out."""
        with open_table(path, guarded=options.get("guarded", True)) as table:
            workbook = table.source.kind in ("xlsx", "xls", "ods")
            sheets = table.source.sheets
        if workbook:
            options["encoding"] = options["delimiter"] = None
            if options.get("sheet") in sheets:
                self._left.pop("--sheet", None)
            else:
                options["sheet"] = None
        else:
            options["sheet"] = None
        with open_table(path, **opening(path, options)) as table:
            return table.header, workbook

    @staticmethod
    def _matches(ctx: Context, made: Plan, word: str) -> bool:
        """Whether a file fills the fields of a match key."""
        assert made.kind is not None
        names = [{"due": "due_on"}.get(name.strip(), name.strip()) for name in word.split("+")]
        fills = Reader(made.kind, made.columns, {}, ctx.env).fills
        return all(name in made.kind.by_name and name in fills for name in names)
