"""What can be typed at a place of a command line: verbs, options, words of the filter language, names of the book."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, RECORDS
from crmcli.domain.text import fold
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.context import Context

    Offer = tuple[str, str]

#: The kinds of record that have a timeline and a page before a call.
PEOPLE = ("lead", "deal", "contact", "company")
#: Channels that are there without an address, and all of the others.
CHANNELS = ("terminal", "desktop", "mail", "notify")
#: Those whom one keeps in touch with, by which rhythms, and what options about that may be.
TOUCHED = ("contact", "company")
RHYTHMS = ("1w", "2w", "30d", "6w", "3m", "1y", "never")
TOUCH = {
    "on": TOUCHED,
    "list": ("missed", "reached", "all"),
    "kind": ("call", "email", "meeting", "message", "visit"),
    "within": ("1w", "2w", "30d"),
}
#: Ranges that are worth a TAB.
AGENDA = ("week", "month", "quarter", "today", "tomorrow", "next-week", "next-month")
FILTERING = (
    "list",
    "next",
    "why",
    "edit",
    "remove",
    "restore",
    "archive",
    "won",
    "lost",
    "reopen",
    "move",
    "done",
    "snooze",
    "delegate",
    "show",
    "purge",
    "convert",
    "merge",
)


def offers(words: list[str], current: str) -> Iterable[Offer]:
    """Everything that could stand where `current` is being typed, behind `words`."""
    from crmcli.commands.root import TABLE, make_root

    place = Place(words)
    if place.waiting:
        return starting(of_option(place, current), current)
    if current.startswith("-") and current != "-":
        command = place.optioned or make_root()
        return starting(options(command), current)
    if not place.noun:
        from crmcli.commands.root import plugin_names

        extra = [(name, "") for name in plugin_names()]
        own = [(name, entry.help) for name, entry in TABLE.items() if " " not in name]
        return starting([*own, *extra], current)
    if place.group is not None and not place.verb:
        found = starting(
            [
                (name, place.group.get_command(None, name).get_short_help_str())
                for name in place.group.list_commands(None)
            ]
            + [*place.group.nested.items()],
            current,
        )
        return [*found, *(positional(place, current) if place.group.loose else ())]
    return positional(place, current)


class Place:
    """Where in a command line the cursor is: noun, verb, the arguments before it, and an option that waits for its
    value."""

    def __init__(self, words: Sequence[str]) -> None:
        from crmcli.commands.root import TABLE, load, make_root

        self.noun = self.verb = self.waiting = ""
        self.database = ""
        self.brought = False  # whether a plugin brought it
        self.group: Any = None
        self.command: Any = None
        self.arguments: list[str] = []
        root = make_root()
        verbatim = False
        for word in words:
            if self.waiting:
                if self.waiting == "--db":
                    self.database = word
                self.waiting = ""
            elif word.startswith("--db="):
                self.database = word[5:]
            elif not verbatim and word == "--":
                verbatim = True
            elif not verbatim and word.startswith("-") and word != "-":
                self.waiting = word if "=" not in word and takes_value(self.optioned or root, word) else ""
            elif not self.noun:
                self.noun = word
                if word in TABLE:
                    self.command = load(word)
                    self.group = self.command if TABLE[word].group else None
                elif (found := of_plugins(word)) is not None:
                    self._enter(found)
            elif f"{self.noun} {word}" in TABLE and not self.arguments:
                self.noun = f"{self.noun} {word}"
                self.command = self.group = load(self.noun)
            elif self.group is not None and not self.verb and (found := self.group.get_command(None, word)) is not None:
                if self.brought:
                    self._enter(found)
                self.verb, self.command = "" if self.group is found else word, found
            else:
                self.arguments.append(word)
        if self.group is not None and not self.verb and self.arguments:
            self.verb = self.group.default
            self.command = self.group.get_command(None, self.verb) if self.verb else self.group
        self._context: Context | None = None

    def _enter(self, found: Any) -> None:
        """Stand behind a word that a plugin brought; its groups may hold further ones."""
        self.brought, self.command = True, found
        self.group = found if hasattr(found, "list_commands") else self.group

    @property
    def optioned(self) -> Any:
        """The command whose options may come next; of a group that takes anything that is the verb it runs then."""
        if self.group is not None and self.group.loose and not self.verb:
            return self.group.get_command(None, self.group.default)
        return self.command

    @property
    def book(self) -> Context | None:
        """The book, if there is one: completion never makes it."""
        if self._context is None:
            from crmcli.config import Settings
            from crmcli.context import Context

            settings = Settings({"db": self.database, "busy_timeout": 1})
            target = settings.database
            if "://" not in target and not os.path.exists(target):
                return None
            self._context = Context(settings, quiet=True, plugins=False)
            with contextlib.suppress(CrmError):
                self._context.learn()
        return self._context


def of_plugins(word: str) -> Any:
    """The command or group of a plugin behind a first word."""
    from crmcli.commands import frame, root

    root.plugin_names()  # they add what they bring
    return frame.build(root.app, word)


def takes_value(command: Any, word: str) -> bool:
    return any(
        word in param.opts and not param.is_flag for param in command.params if param.param_type_name == "option"
    )


def options(command: Any) -> list[Offer]:
    found = [
        (name, param.help or "")
        for param in command.params
        if param.param_type_name == "option" and not param.hidden
        for name in param.opts
    ]
    return [*(offer for offer in found if offer[0].startswith("--")), ("--help", "Show help")]


def of_option(place: Place, current: str) -> list[Offer]:
    """The values of the option before the cursor."""
    from crmcli.commands.frame import COLOURS, FORMATS
    from crmcli.services import completing

    name = place.waiting.lstrip("-").replace("-", "_")
    kind = RECORDS.get(place.noun)
    if name in ("o", "output"):
        return [(word, "") for word in FORMATS]
    if name == "color":
        return [(word, "") for word in COLOURS]
    if place.brought:
        return asked([param for param in place.optioned.params if place.waiting in param.opts], current)
    if name == "via":
        return [(word, "") for word in CHANNELS]
    if name in ("for", "as"):
        taken = ("lead", "deal", "contact", "company", "task", *(["interaction"] if name == "as" else []))
        return [(word, RECORDS[word].help) for word in taken]
    if name in ("c", "columns", "s", "sort") and kind:
        _ = place.book  # has the fields of people's own known
        before, comma, last = current.rpartition(",")
        mark = last[:1] if last[:1] in ("-", "+") else ""
        return [(before + comma + mark + word, meaning) for word, meaning in completing.listed(kind)]
    if name == "to" and place.verb == "convert":
        before, comma, last = current.rpartition(",")
        parts = [(word, RECORDS[word].help) for word in ("contact", "company", "deal") if word not in before.split(",")]
        return [(before + comma + word, meaning) for word, meaning in parts if word.startswith(last)]
    if place.noun == "touch" and name in TOUCH:
        return [(word, "") for word in TOUCH[name]]
    if name == "on":
        return completing.records(place.book, current, TOUCHED if place.noun == "occasion" else PEOPLE)
    if name == "reason":
        return completing.names(place.book, "lost_reason")
    if name in ("after", "to") and place.noun == "stage":
        return completing.names(place.book, "stage")
    if name == "to" and place.verb == "delegate":
        return completing.names(place.book, "user")
    if place.noun in ("plan", "plan step", "task type") and name in completing.OF_PLANS:
        return completing.OF_PLANS[name](place.book, place.noun)
    if name == "pipeline" or (name in ("owner", "with") and kind is None):
        return completing.names(place.book, "pipeline" if name == "pipeline" else "user")
    if kind is not None:
        return completing.values(place.book, kind, "tags" if name == "tag" else name, current)
    return []


def of_follow_ups(place: Place, current: str) -> Iterable[Offer] | None:
    """The arguments of the commands around tasks and people that are no verbs of a record; None of every other."""
    from crmcli.services import completing

    noun, verb, before = place.noun, place.verb, place.arguments
    if noun == "agenda" and verb in ("", "show"):
        periods = () if before else starting([(word, "") for word in AGENDA], current)
        return [*periods, *of_filter(place, "task", current)]
    if noun == "remind" and verb not in ("resend", "settle"):
        states = [(word, "") for word in ("claimed", "sent", "failed", "doubtful", "all")]
        return starting(states, current) if verb == "list" else of_filter(place, "task", current)
    if noun in ("touch", "rhythm", "occasion"):
        return of_touch(place, current)
    if (noun, verb) == ("plan", "start") and before:
        return of_filter(place, "deal", current)
    if noun in ("plan", "plan step", "task type"):
        return starting(completing.of_plans(place.book, noun, verb, before, current), current)
    if noun == "calendar feed":
        if verb == "add":
            return of_filter(place, "task", current) if before else ()
        return () if before or verb == "list" else starting(completing.names(place.book, "feed"), current)
    if (noun, verb) == ("calendar", "export"):
        return of_filter(place, "task", current)
    return None


def positional(place: Place, current: str) -> Iterable[Offer]:
    """The arguments of a command."""
    from crmcli.services import completing

    noun, verb, before = place.noun, place.verb, place.arguments
    if place.brought:
        own = [param for param in place.command.params if param.param_type_name == "argument"]
        return asked(own[len(before) : len(before) + 1] or [param for param in own[-1:] if param.nargs < 0], current)
    if noun in RECORDS:
        return of_record(place, current)
    if noun == "tag" and verb in ("add", "remove") and before:
        return of_filter(place, "lead", current)
    if noun == "log" and not before:
        from crmcli.services.timeline import LOGGED

        return starting([(word, "") for word in LOGGED], current)
    if (found := of_follow_ups(place, current)) is not None:
        return found
    if noun == "history":
        return completing.records(place.book, current)
    if noun in ("brief", "timeline", "log") or ((noun, verb) == ("note", "add") and not before):
        return completing.records(place.book, current, PEOPLE)
    if noun == "note" and verb not in ("add", "show"):
        return of_filter(place, "interaction", current)
    if noun == "field":
        return starting(completing.own_fields(place.book, verb, before), current)
    vocabularies = {"tag": "tag", "stage": "stage", "pipeline": "pipeline", "view": "saved_view", "user": "user"}
    if (
        noun in vocabularies
        and verb != "list"
        and (not before or (noun, verb) in (("stage", "reorder"), ("tag", "merge")))
    ):
        if verb in ("add", "save") and noun != "tag":
            return ()
        return starting(completing.names(place.book, vocabularies[noun]), current)
    if noun == "report":
        return (
            starting(completing.reports(place.book), current)
            if not before and place.book
            else of_filter(place, "deal", current)
        )
    if noun == "fields" and not before:
        return starting([(name, kind.help) for name, kind in ENTITIES.items()], current)
    if noun == "config" and verb in ("get", "set", "unset") and not before:
        return starting(completing.settings(place.book), current)
    if noun == "export":
        kinds = [(kind.plural, kind.help) for kind in RECORDS.values()]
        return of_filter(place, singular(before[0]), current) if before else starting(kinds, current)
    return ()


def asked(params: Iterable[Any], current: str) -> list[Offer]:
    """What the parameter of a plugin's command offers (`autocompletion` of Typer's arguments and options)."""
    from crmcli.plugins.guard import Quiet

    with Quiet():
        found = [item for param in params for item in param.shell_complete(None, current)]
    return [(item.value, item.help or "") for item in found if item.type == "plain"]


def of_touch(place: Place, current: str) -> Iterable[Offer]:
    """The words about being in touch: contacts and companies, filters of them, rhythms."""
    from crmcli.services import completing

    about = "company" if "company" in place.arguments else "contact"
    if place.noun == "occasion" and place.verb in ("edit", "remove"):
        if place.arguments and place.verb == "edit":
            return starting([(f"{word}=", "") for word in ("name", "on", "date")], current)
        return completing.named(place.book, ENTITIES["occasion"], current)
    filters = of_filter(place, about, current)
    if place.noun == "rhythm" and place.verb in ("set", "remove"):
        kinds = () if place.arguments else starting([(word, RECORDS[word].help) for word in TOUCHED], current)
        known = () if place.arguments else completing.records(place.book, current, TOUCHED)
        if place.verb == "remove":
            return [*starting(completing.rhythms(place.book, about), current), *kinds, *known]
        lengths = starting([(word, "") for word in RHYTHMS], current) if place.arguments and current else ()
        return [*kinds, *known, *lengths, *filters]
    if place.noun == "touch" and place.verb == "snooze":
        known = () if place.arguments else completing.records(place.book, current, TOUCHED)
        return [*known, *filters]
    return filters if place.noun == "touch" or place.verb == "list" else ()


def singular(word: str) -> str:
    return next((name for name, kind in RECORDS.items() if word in (name, kind.plural)), "lead")


def of_record(place: Place, current: str) -> Iterable[Offer]:
    """The words of a record's verb: numbers with names first, then filters, and for edit and add assignments."""
    from crmcli.services import completing

    _, kind = place.book, RECORDS[place.noun]
    assigning = re.match(r"([a-z][a-z0-9_.]*)=(.*)", current)
    if place.verb in ("edit", "add"):
        if assigning:
            name = assigning[1]
            return [
                (f"{name}={word}", meaning) for word, meaning in completing.values(place.book, kind, name, assigning[2])
            ]
        fields = starting(list(completing.fields(kind, mark="=", settable=True)), current)
        if place.verb == "add":
            return fields
        if place.arguments and place.arguments[0].isdigit():
            return fields
        return [
            *completing.named(place.book, kind, current),
            *of_filter(place, place.noun, current),
            *fields,
        ]
    if place.verb == "move" and place.arguments:
        return starting(completing.names(place.book, "stage"), current)
    if place.verb == "delegate" and place.arguments:
        return [*starting(completing.names(place.book, "user"), current), *of_filter(place, place.noun, current)]
    if place.verb not in FILTERING:
        return ()
    if place.verb in ("show", "why", "convert"):
        return () if place.arguments else completing.named(place.book, kind, current)
    first = place.verb not in ("list", "next") and not place.arguments
    known = completing.named(place.book, kind, current, place.verb) if first else ()
    return [*known, *of_filter(place, place.noun, current)]


def of_filter(place: Place, noun: str, current: str) -> Iterable[Offer]:
    """A word of the filter language: a field, or a value behind its colon."""
    from crmcli.services import completing

    _, kind = place.book, RECORDS[noun]
    name, colon, rest = current.partition(":")
    if not colon:
        return starting(list(completing.fields(kind, mark=":")), current)
    exact = "=" if rest.startswith("=") else ""
    return [
        (f"{name}:{exact}{word}", meaning)
        for word, meaning in completing.values(place.book, kind, name, rest[len(exact) :])
    ]


def starting(found: Iterable[Offer], current: str) -> list[Offer]:
    return [offer for offer in found if fold(offer[0]).startswith(fold(current))]
