"""What an import will do, found out before anything is written: kind, mapping, how dates and amounts are read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple, Unpack

from crmcli.domain.fields import suggest
from crmcli.domain.types import Money
from crmcli.errors import FieldError, UsageError
from crmcli.exchange.tables import Doubt, Opening, open_table
from crmcli.services.imports import claims, happened, kinds, profiles, roles
from crmcli.services.imports.block_reader import Reader
from crmcli.services.imports.by_hand import column_of
from crmcli.services.imports.dates import Settled, plain_word, told_columns, told_dates
from crmcli.services.imports.keys import UPDATE_MATCH, match_keys
from crmcli.services.imports.looks import Look
from crmcli.services.imports.mapping import names_records
from crmcli.services.imports.our_own import lost, told_lost
from crmcli.services.imports.placing import NewStage, Stages
from crmcli.services.imports.surveying import asked_profile, opening, survey
from crmcli.services.imports.titles import may_have_unit, unit_of
from crmcli.services.imports.updating import NEWEST, REPLACE
from crmcli.services.stages import every_stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.domain.fields import Entity, Field
    from crmcli.domain.types import Env
    from crmcli.exchange.tables import Table
    from crmcli.services.imports.mapping import Mapped
    from crmcli.services.imports.options import Options
    from crmcli.services.imports.surveying import Seen


#: No pipeline has so many stages; a column that does holds other texts.
_MOST_STAGES = 200


class NewField(NamedTuple):
    """A field that an import makes for a column of this title: its name, type, and the options of a choice."""

    header: str
    name: str
    type: str
    options: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """What is said of it."""
        return f"{self.name} ({self.type}{': ' + ', '.join(self.options) if self.options else ''})"


class Plan(NamedTuple):
    """An import that has been looked at. `kind` None: the file holds nothing that the book has (`problem` says why).

    `rows` counts the rows of the file, refused ones included, `blank` the blank ones beside them; `envs` are the habits
    in which each column is read, `days` what those of days settled; `new_stages` is what the pipelines lack; `guessed`
    says that `keys` are no more than what an update goes by for want of better, `usual` that they are what such a file
    goes by where nothing is said; `called` is what people call a file of which `path` is a copy; `conflicts` says what
    an update does where a record and its row both have a value (`updating`); `looks` say what is in the columns, where
    that was asked for, `read_as` how days and amounts of columns are read, and why, `doubts` what was taken of the file
    that may be otherwise; `new_fields` are made before its rows come in; `sheets` are those of a workbook; `profile` is
    what the file was recognised as, None for nothing, and `bare` says that it was to be read without one; `fits` are
    the kinds that a file fits which holds nothing that the book has for sure.
    """

    path: str
    kind: Entity | None
    columns: tuple[Mapped, ...]
    opening: Opening
    header: tuple[str, ...]
    rows: int
    blank: int
    notes: tuple[str, ...] = ()
    problem: str = ""
    envs: Mapping[int, Env] = {}
    days: tuple[Settled, ...] = ()
    keys: tuple[tuple[str, ...], ...] = ()
    update: bool = False
    new_stages: tuple[NewStage, ...] = ()
    guessed: bool = False
    usual: bool = True
    called: str = ""
    conflicts: str = REPLACE
    looks: tuple[Look, ...] = ()
    read_as: Mapping[int, str] = {}
    doubts: tuple[Doubt, ...] = ()
    new_fields: tuple[NewField, ...] = ()
    sheets: tuple[str, ...] = ()
    profile: profiles.Fit | None = None
    bare: bool = False
    fits: kinds.Fits = kinds.Fits()

    @property
    def habits(self) -> tuple[str, str]:
        """The one word of `--dates` that is right for all its columns of days, and the decimal sign that all those of
        amounts are read in; "" where there is none."""
        signs = {env.decimal for env in self.envs.values() if env.decimal}
        return plain_word(self.days) or "", "".join(signs) if len(signs) == 1 else ""

    def open(self) -> Table:
        """The file again, from its first row."""
        return open_table(self.path, **self.opening)


def plan(ctx: Context, path: str, **options: Unpack[Options]) -> Plan:
    """Look through a whole file and say what importing it would mean; nothing is written. `Options` says what can be
    said by hand. Raises UsageError, NotFoundError, ReadError."""
    made = looked(ctx, path, **options)
    if made.kind is not None:
        days = {column.header for column in made.days}
        for title in options.get("column_dates") or {}:
            if (header := made.header[column_of(made.header, title)]) not in days:
                raise UsageError(f"--dates: column '{header}' fills no field of days", "leave it out")
    return made


def looked(ctx: Context, path: str, **options: Unpack[Options]) -> Plan:
    """A plan, of a file whose columns of days may be none yet."""
    ctx.learn()
    _check_words(options)
    seen, how = survey(path, opening(path, options), options)
    if seen.kind is None or not names_records(seen.kind, seen.columns):
        return _unknown(path, how, seen, options.get("kind"))
    return _settled(ctx, path, how, seen, seen.kind, options)


def _unknown(path: str, how: Opening, seen: Seen, kind: Entity | None) -> Plan:
    """The plan of a file that holds nothing that the book has, or of which that cannot be told. Raises NamelessError
    where its `kind` was said."""
    notes = tuple(seen.notes)
    problem = undecided(seen.fits) if kind is None else f"no column is recognised as {_called(kind)}"
    if seen.fit and seen.fit.profile.said.refuse:
        # Which kinds its columns would fit is no help: its rows are none of them.
        notes, problem = (*notes, undecided(kinds.Fits())), seen.fit.profile.said.refuse
    made = Plan(
        path, None, seen.columns, how, seen.header, seen.rows, seen.blank, notes, problem, profile=seen.fit,
        looks=seen.looks, doubts=seen.doubts, sheets=tuple(seen.sheets), fits=seen.fits,
    )  # fmt: skip
    if kind is not None:
        raise NamelessError(kind, made)
    return made


def known_by(kind: Entity) -> Field:
    """What the records of a kind are known by: the text of what happened has no other name."""
    return kind.by_name.get("name") or kind.field("body")


def _called(kind: Entity) -> str:
    return f"{kind.one}'s {known_by(kind).label.lower()}"


class NamelessError(UsageError):
    """No column names the records of the kind that a file was said to hold; `made` is what is known of the file."""

    def __init__(self, kind: Entity, made: Plan) -> None:
        hint = f"say which one is: --map 'COLUMN={known_by(kind).name}'; it has: {', '.join(made.header)}"
        if any("email" in column.to for column in made.columns):
            hint += "; where there is none, leave out what fills no field: --map 'COLUMN=-'"
        message = f"no column of {made.path} is recognised as {_called(kind)}"
        super().__init__(message, "; ".join((hint, *made.notes)))
        self.made = made


def _settled(ctx: Context, path: str, how: Opening, seen: Seen, kind: Entity, options: Options) -> Plan:
    """The plan of rows of that kind. Raises UsageError."""
    makes = not options.get("several")
    claims.check(kind, seen.header, seen.given, options.get("mapping") or {}, makes=makes)
    said = seen.fit.profile.said if seen.fit else None
    match, update, conflicts = options.get("match"), options.get("update", False), options.get("conflicts", REPLACE)
    steps = {stage["name_key"] for stage in every_stage(ctx) if not stage["is_won"]} if kind.kind else set()
    columns, told = seen.scan.settled(seen.columns, "status" in seen.given.values(), steps)
    dates = options.get("dates") or (said.dates if said else "")
    decimal = options.get("decimal") or (said.decimal if said else "") or _own_decimal(seen.header)
    days = told_columns(seen.header, dates, options.get("column_dates") or {})
    envs = seen.scan.envs(ctx.env, days, decimal)
    fills = Reader(kind, columns, {}, ctx.env).fills
    if said and not match:
        match = [word for word in said.match if fills.issuperset(word.split("+"))]
    keys, unmatched = match_keys(kind, match, fills, update=update)
    usual = match_keys(kind, None, fills, update=update)[0]
    unmatched = [*unmatched, *told_lost(kind, lost(kind, columns, seen.given), _empty(seen), makes=makes)]
    if update and not keys:
        _check_ids(path, kind, columns)
    if conflicts == NEWEST:
        _check_age(path, seen.header, columns)
    new_stages = tuple(Stages(ctx).missing(seen.scan.stages, seen.scan.won)) if kind.kind else ()
    _check_stages(columns, new_stages)
    happened.check(kind, columns)
    told = (*told, *_check_units(kind, columns, seen.given), *happened.notes(kind, columns))
    return Plan(
        path, kind, columns, how, seen.header, seen.rows, seen.blank,
        notes=(*seen.notes, *told, *seen.scan.done.notes(update=update), *unmatched), envs=envs,
        days=seen.scan.settled_days(envs, days), keys=keys, update=update,
        new_stages=new_stages, guessed=update and not match and kind.name in UPDATE_MATCH, usual=keys == usual,
        conflicts=conflicts,
        looks=seen.looks, read_as=seen.scan.read_as(envs), doubts=seen.doubts, sheets=tuple(seen.sheets),
        profile=seen.fit, bare=asked_profile(options) == profiles.NONE,
    )  # fmt: skip


def _empty(seen: Seen) -> set[str]:
    """The titles of the columns of which it is known that they hold nothing."""
    return {title for title, look in zip(seen.header, seen.looks, strict=False) if not look.filled}


def _check_stages(columns: Sequence[Mapped], new: Sequence[NewStage]) -> None:
    """A column that would make so many stages says something else. Raises UsageError."""
    if len(new) > _MOST_STAGES:
        title = next((column.header for column in columns if {"stage", "pipeline"}.intersection(column.to)), "")
        raise UsageError(
            f"column {title} would make more than {_MOST_STAGES} stages, so it says something else",
            f"leave it out: --map '{title}=-'",
        )


def _check_units(kind: Entity, columns: Sequence[Mapped], given: Mapping[str, str]) -> Iterator[str]:
    """Notes about columns of amounts whose titles say what is not understood, where no part of it is a unit or they
    were said by hand to be amounts. Raises UsageError for others: it may be that they count in thousands."""
    for column in columns:
        if not any(to in kind.by_name and isinstance(kind.by_name[to].type, Money) for to in column.to):
            continue
        try:
            unit_of(column.header)
        except FieldError as error:
            if column.header not in given and may_have_unit(column.header):
                take = shlex.quote(f"{column.header}={column.to[0]}")
                raise UsageError(
                    f"column {column.header}: {error.message.rstrip('.')}",
                    f"{error.hint}\n  --map {take} takes the figures as they stand; --map '...=-' leaves them out",
                ) from None
            yield f"column {column.header}: it names no unit that is understood, so the figures are taken as they stand"


def _check_ids(path: str, kind: Entity, columns: Sequence[Mapped]) -> None:
    """An update without match keys needs a column of ids. Raises UsageError."""
    if not {"external_id", "uid"} & {to for column in columns for to in column.to}:
        raise UsageError(
            f"nothing in {path} tells which {kind.plural} the rows are, so --update cannot give them anything",
            "say it with --id COLUMN or --match FIELD",
        )


def _check_age(path: str, header: Sequence[str], columns: Sequence[Mapped]) -> None:
    """Which of two values is the newer one, the file must say. Raises UsageError."""
    if not any("updated_at" in column.to for column in columns):
        raise UsageError(
            f"no column of {path} says when a row was changed last, so nothing tells which value is the newest",
            f"say which one does: --map 'COLUMN=updated_at'; it has: {', '.join(header)}",
        )


def undecided(fits: kinds.Fits, file: str = "") -> str:
    """Why no kind was found: no column names the records, or the columns fit several kinds as well as each other.
    `file` is what the file is called among several."""
    of_file = f"{file}=" if file else ""
    named, nameless = (
        " or ".join(f"--as {shlex.quote(of_file + name)}" for name in some) for some in (fits.named, fits.nameless)
    )
    called = f"{nameless} with --map 'COLUMN=name'" if nameless and not file else ""
    if not named:
        kind = f" {of_file}KIND" if file else ""
        return f"no column is recognised as a name; use --as{kind} and --map" + (f": {called}" if called else "")
    return f"the columns do not tell what its rows are; say it: {named}" + (f"; or {called}" if called else "")


def check(made: Plan) -> None:
    """Raises UsageError for the plan of a file that holds nothing that the book has."""
    if made.kind is None:
        raise UsageError(f"{made.called or made.path}: {made.problem}", "; ".join(made.notes))


def _check_words(options: Options) -> None:
    kind, dates, decimal = options.get("kind"), options.get("dates", ""), options.get("decimal", "")
    if kind is not None and kind not in roles.KINDS:
        names = [k.name for k in roles.KINDS]
        raise UsageError(f"{kind.plural} cannot be imported", suggest(kind.name, names) or f"known: {', '.join(names)}")
    told_dates(dates)
    if decimal not in ("", ".", ","):
        raise UsageError(f"--decimal wants . or , and not '{decimal}'")


def _own_decimal(header: Sequence[str]) -> str:
    """Files of our own have points; theirs is the only kind with a column called uid."""
    return "." if "uid" in header else ""
