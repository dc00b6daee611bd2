"""The conversation before an import, at a terminal: what a file leaves open is asked, its mapping can be changed."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from crmcli.commands.progress import looking
from crmcli.domain.entities import ENTITIES
from crmcli.domain.text import clip, digits, visible
from crmcli.errors import CrmError, ReadError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from crmcli.context import Context
    from crmcli.exchange.tables import Doubt, Opening
    from crmcli.services.imports import Options, Plan
    from crmcli.services.imports.profiles import Profile

#: How many rows are shown from which the header can be chosen, and how wide their cells are.
_MOST_ROWS, _WIDE = 12, 16
#: How wide is what a choice would mean.
_WIDEST = 90
_HELP = (
    "y imports the rows, n does not; m changes what the columns are, t tries it and tells what would become of every"
    " row, k says what the rows are, h which line has the titles, s takes another sheet, q ends"
)
_MAPPING = (
    "a number or title and a field, such as '3 email' or 'Company Name=company'; '3 -' leaves a column out, '3 +' makes"
    " a field of it, '3 +sector:choice' one of this name and type; an empty line ends"
)


class LeftError(Exception):
    """Whoever was asked has ended the conversation."""


class Talk:
    """One conversation about the file at `path`, which people call `called`. `options` are those of a plan, and change
    with the answers."""

    def __init__(self, ctx: Context, path: str, called: str, options: Options, *, every: bool) -> None:
        self.ctx, self.path, self.called, self.options, self.every = ctx, path, called, options, every
        #: whether something was said that another file of the same program would need again
        self.changed = False
        self._asked: set[str] = set()

    # --- the plan ---

    def plan(self) -> Plan:
        """A plan of the file; what it leaves open is asked, also which column names the records. Raises LeftError, and
        CrmError for what cannot be asked."""
        from crmcli.exchange.shape import Unclear
        from crmcli.services import imports
        from crmcli.services.imports.facts import UndecidedError
        from crmcli.services.imports.planning import NamelessError

        doubt: Doubt | None = None
        while True:
            try:
                with looking(self.called or self.path, quiet=self.ctx.quiet) as watch:
                    self.options["watch"] = watch
                    made = imports.planned(self.ctx, self.path, every=self.every, **self.options)
            except NamelessError as error:
                made = error.made
            except (Unclear, UndecidedError) as error:
                doubt = error.doubt
                self._tell(error.message.partition("; nothing was imported")[0])
                self._answer(doubt)
                continue
            except ReadError as error:
                if doubt is None:
                    raise
                self._tell(str(error))  # the answer was none that the file can be read with
                self._answer(doubt)
                continue
            open_ = next((doubt for doubt in made.doubts if doubt.option not in self._asked), None)
            if open_ is None:
                return made._replace(called=self.called)
            doubt = open_
            self._asked.add(doubt.option)
            self._tell(f"{self.called or self.path} does not say its {doubt.option}")
            self._answer(doubt)

    def _answer(self, doubt: Doubt) -> None:
        """Have the choice made that a file leaves open: `Doubt.option` is one of `Options`."""
        chosen = self._choose(doubt.option, doubt.choices)
        column, of_column, _ = doubt.choices[0][0].rpartition("=")
        word = chosen.removeprefix(column + of_column)
        if doubt.option == "dates" and of_column:
            self.options = {**self.options, "column_dates": {**self.options.get("column_dates", {}), column: word}}
        else:
            self.options = {**self.options, doubt.option: chosen}  # type: ignore[misc]

    def _choose(self, what: str, choices: Sequence[tuple[str, str]]) -> str:
        """One of these, by its number or itself, the first where nothing is typed; of days any word that says how they
        are read."""
        from crmcli.services.imports.dates import DATES

        for number, (value, sample) in enumerate(choices, 1):
            self._tell(f"  {number}  {value}  {clip(sample, _WIDEST)}")
        others, more = (DATES, ", a word of --dates") if what == "dates" else ({}, "")
        while True:
            answer = self._ask(f"Which {what}? [1-{len(choices)}{more}, q]")
            if answer.lower() in ("q", "quit"):
                raise LeftError
            chosen = _number(answer, len(choices)) if answer else 1
            if chosen:
                return choices[chosen - 1][0]
            if answer in others or any(answer == value for value, _ in choices):
                return answer
            self._tell(f"'{answer}' is none of them")

    # --- the question ---

    def agree(self, made: Plan, rows: int, show: Callable[[Plan, bool], None]) -> Plan | None:
        """Ask what to do with a plan that was shown, and do it, until it is to be imported: the plan by then; None
        where it is not. `show(plan, counts)` shows one, with `counts` what would become of its rows."""
        ways = {"m": self._map, "k": self._kind, "h": self._header, "s": self._sheet}
        while True:
            sheets = ["[s]heet"] if len(made.sheets) > 1 else []
            if made.kind:
                question = f"Import {rows:,} row{'s' if rows != 1 else ''} of {made.kind.plural}?"
                words = ["[y]es", "[m]ap", "[t]ry", *sheets, "[q]uit", "[?]"]
            else:
                question, words = "What now?", ["[m]ap", "[k]ind", "[h]eader", *sheets, "[q]uit", "[?]"]
            answer = self._ask(f"{question} {', '.join(words)}").lower()
            way = ways.get(answer[:1])
            if answer in ("y", "yes") and made.kind:
                return made
            if answer in ("", "n", "no", "q", "quit"):
                return None
            if answer in ("t", "try") and made.kind:
                show(made, True)
            elif answer[:1] == "?":
                self._tell(_HELP)
            elif way is None:
                self._tell(f"'{answer}' is none of them; ? says what they do")
            elif (changed := self._change(made, way)) is not None:
                made, rows = changed, changed.rows
                show(made, False)

    def _change(self, made: Plan, way: Callable[[Plan], bool]) -> Plan | None:
        """Ask for a change and plan anew; None where nothing is other than before."""
        before = self.options.copy()
        try:
            if not way(made) or self.options == before:
                return None
            changed = self.plan()
            self.changed = True
            return changed
        except CrmError as error:
            self._tell(str(error))
        except LeftError:
            pass
        self.options = before
        return None

    # --- changes ---

    def _map(self, made: Plan) -> bool:
        """Change what columns are."""
        from crmcli.services.imports.by_hand import column_of

        for column in made.columns[: len(made.header)]:
            self._tell(
                f"  {column.place + 1:>2}  {clip(column.header, 30):30}  {column.shown:20}  {clip(column.sample, 24)}"
            )
        self._tell(_MAPPING)
        given = {made.header[column_of(made.header, title)]: to for title, to in self.options["mapping"].items()}
        before = dict(given)
        while line := self._ask("Column and field:"):
            try:
                title, to = read_pair(made.header, line)
                self._check(made, to)
            except UsageError as error:
                self._tell(str(error))
                continue
            given = {known: said for known, said in given.items() if known != title} | {title: to}
            self._tell(f"  {title} -> {to}")
            given |= self._yielding(made, given, title)
        self.options["mapping"] = given
        return given != before

    def _yielding(self, made: Plan, given: Mapping[str, str], title: str) -> dict[str, str]:
        """What becomes of the columns that were said to be the very field that the column of that title is now, where
        only one can be it: they are left out."""
        from crmcli.services.imports import claims

        kind = made.kind or self.options.get("kind")
        said = made.profile.profile.given(made.header, given) if made.profile else given
        rivals = claims.rivals(kind, made.header, said) if kind else {}
        found: dict[str, str] = {}
        for field, titles in rivals.items():
            for other in [other for other in titles if title in titles and other != title]:
                self._tell(f"  {other} -> -: {field} takes one value, and {title} has it now")
                found[other] = "-"
        return found

    def _check(self, made: Plan, to: str) -> None:
        """Raises UsageError for what no field of the kind is."""
        from crmcli.domain import custom
        from crmcli.services.imports import by_hand, claims

        kind = made.kind or self.options.get("kind")
        if to.startswith(claims.NEW):
            _, _, type_ = to.partition(":")
            if type_:
                custom.type_of(type_.strip())
        elif kind is not None and by_hand.field_of(kind, to) is None:
            kind.field(to)
            raise UsageError(f"{kind.name}.{to} cannot be imported")

    def _kind(self, _made: Plan) -> bool:
        """Say what the rows are."""
        from crmcli.services.imports.roles import KINDS

        kinds = [kind.name for kind in KINDS]
        self.options["kind"] = ENTITIES[self._choose("kind", [(kind, ENTITIES[kind].help) for kind in kinds])]
        return True

    def _header(self, made: Plan) -> bool:
        """Choose the line that has the titles."""
        from crmcli.exchange.tables import open_table

        opening: Opening = {**made.opening, "header_row": 0}
        with open_table(self.path, **opening) as table:
            found = next(table.chunks(_MOST_ROWS), [])
        for row in found:
            self._tell(f"  {row.line:>3}  {' | '.join(clip(cell, _WIDE) for cell in row.cells if cell)}")
        line = self._ask("Which line has the titles? [0: none]")
        if not line:
            return False
        if not digits(line).isdecimal():
            raise UsageError(f"'{line}' is not the number of a line")
        self.options["header_row"] = int(digits(line))
        return True

    def _sheet(self, made: Plan) -> bool:
        """Take another sheet of a workbook."""
        if len(made.sheets) < 2:
            raise UsageError("the file has no other sheets")
        chosen = self._choose("sheet", [(sheet, "") for sheet in made.sheets])
        self.options["sheet"] = chosen
        return True

    @contextmanager
    def keeping(self, made: Plan) -> Iterator[None]:
        """While a plan is imported: what was changed is kept as a profile, if that is wanted, by which the next file of
        the same titles is recognised. One that names fields which the import makes is kept once they are there."""
        from crmcli.services.imports import new_fields

        profile = self._profile(made)
        if profile and not made.new_fields:
            self._keep(profile)
        try:
            yield
        finally:
            if profile and made.new_fields:
                self.ctx.reread()
                if made.kind and all(new_fields.known(made.kind, one.name) for one in made.new_fields):
                    self._keep(profile)
                else:
                    self._tell(f"the profile {profile.name} is not saved: the fields that it names were not made")

    def _keep(self, profile: Profile) -> None:
        from crmcli.services.imports import profile_writing

        profile_writing.save(profile)
        self._tell(f"saved the profile {profile.name}; 'crm import profile show {profile.name}' shows it")

    def _profile(self, made: Plan) -> Profile | None:
        """A profile of what was changed, under the name that is asked for; None where nothing was or none is wanted."""
        from crmcli.services.imports import new_fields, profile_writing

        while self.changed and (name := self._ask("Save this as a profile? Its name, or nothing:")):
            if name.lower() in ("n", "no", "q", "quit"):
                return None
            if name.lower() in ("y", "yes"):
                self._tell("a name is needed, such as our-webshop")
                continue
            try:
                with new_fields.supposed(self.ctx, made.kind, made.new_fields) if made.kind else nullcontext():
                    return profile_writing.drafted(name, made, {}, {})
            except CrmError as error:
                self._tell(str(error))
        return None

    # --- the terminal ---

    def _tell(self, line: str) -> None:
        sys.stderr.write(visible(line, multiline=True) + "\n")

    def _ask(self, question: str) -> str:
        """What is typed; "" for an empty line. Raises LeftError where nobody is there any more."""
        sys.stderr.write(f"{question} ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            sys.stderr.write("\n")
            raise LeftError
        return line.strip()


def read_pair(header: Sequence[str], line: str) -> tuple[str, str]:
    """The title and the field of '3 email', '3=email' or 'Company Name=company'. Raises UsageError."""
    from crmcli.services.imports.by_hand import column_of

    title, sign, to = line.rpartition("=")
    if not sign:
        title, _, to = line.partition(" ")
    title, to = title.strip(), to.strip()
    if not title or not to:
        raise UsageError(f"'{line}' does not say a column and a field", _MAPPING)
    number = _number(title, len(header))
    if number and title not in header:
        return header[number - 1], to
    return header[column_of(header, title)], to


def _number(text: str, most: int) -> int:
    """A number from 1 to `most` in any digits; 0 for anything else."""
    plain = digits(text)
    return int(plain) if plain.isascii() and plain.isdecimal() and 1 <= int(plain[:9]) <= most else 0
