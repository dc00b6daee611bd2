"""Completion: what a shell asks for when TAB is pressed, answered without an error, a lock or a new book."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from crmcli.domain.entities import ENTITIES, RECORDS
from crmcli.domain.text import fold
from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.context import Context

    Offer = tuple[str, str]

#: Characters that a POSIX shell takes as its own; a word that has them is escaped, or not offered to zsh.
SPECIAL = re.compile(r"[\s\"'`$\\;&|<>(){}\[\]*?#~!^]")
GLOBS = frozenset("*?[")
#: The same between double quotes.
IN_QUOTES = re.compile(r"[\"`$\\]")
#: A record by its number: 12, lead:12.
NUMBER = re.compile(r"(?:[a-z_]+:)?[0-9]+")
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
    "show",
    "purge",
    "convert",
    "merge",
)


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


# --- what can be typed -----------------------------------------------------------------------------------------------


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
            elif f"{self.noun} {word}" in TABLE and not self.arguments:
                self.noun = f"{self.noun} {word}"
                self.command = self.group = load(self.noun)
            elif self.group is not None and not self.verb and (found := self.group.get_command(None, word)) is not None:
                self.verb, self.command = word, found
            else:
                self.arguments.append(word)
        if self.group is not None and not self.verb and self.arguments:
            self.verb = self.group.default
            self.command = self.group.get_command(None, self.verb) if self.verb else self.group
        self._context: Context | None = None

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
    if name == "via":
        return [(word, "") for word in CHANNELS]
    if name == "color":
        return [(word, "") for word in COLOURS]
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
    if place.noun in ("plan", "plan step", "task type") and name in completing.OF_PLANS:
        return completing.OF_PLANS[name](place.book, place.noun)
    if name == "pipeline" or (name in ("owner", "with") and kind is None):
        return completing.names(place.book, "pipeline" if name == "pipeline" else "user")
    if kind is not None:
        return completing.values(place.book, kind, "tags" if name == "tag" else name, current)
    return []


def positional(place: Place, current: str) -> Iterable[Offer]:
    """The arguments of a command."""
    from crmcli.services import completing

    noun, verb, before = place.noun, place.verb, place.arguments
    if noun in RECORDS:
        return of_record(place, current)
    if noun == "tag" and verb in ("add", "remove") and before:
        return of_filter(place, "lead", current)
    if noun == "log" and not before:
        from crmcli.services.timeline import LOGGED

        return starting([(word, "") for word in LOGGED], current)
    if noun == "agenda" and verb in ("", "show"):
        periods = () if before else starting([(word, "") for word in AGENDA], current)
        return [*periods, *of_filter(place, "task", current)]
    if noun == "remind" and verb not in ("resend", "settle"):
        states = [(word, "") for word in ("claimed", "sent", "failed", "doubtful", "all")]
        return starting(states, current) if verb == "list" else of_filter(place, "task", current)
    if noun in ("touch", "rhythm", "occasion"):
        return of_touch(place, current)
    if noun == "history":
        return completing.records(place.book, current)
    if noun in ("brief", "timeline", "log") or ((noun, verb) == ("note", "add") and not before):
        return completing.records(place.book, current, PEOPLE)
    if noun == "note" and verb not in ("add", "show"):
        return of_filter(place, "interaction", current)
    if noun == "field":
        return starting(completing.own_fields(place.book, verb, before), current)
    if (noun, verb) == ("plan", "start") and before:
        return of_filter(place, "deal", current)
    if noun in ("plan", "plan step", "task type"):
        return starting(completing.of_plans(place.book, noun, verb, before, current), current)
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
    if noun in ("export", "calendar"):
        if noun == "export" and not before:
            return starting([(kind.plural, kind.help) for kind in RECORDS.values()], current)
        return of_filter(place, "task" if noun == "calendar" else singular(before[0]), current)
    return ()


def of_touch(place: Place, current: str) -> Iterable[Offer]:
    """The words about being in touch: contacts and companies, filters of them, rhythms."""
    from crmcli.services import completing

    about = "company" if "company" in place.arguments else "contact"
    filters = of_filter(place, about, current)
    if place.noun == "rhythm" and place.verb in ("set", "remove"):
        kinds = () if place.arguments else starting([(word, RECORDS[word].help) for word in TOUCHED], current)
        lengths = starting([(word, "") for word in RHYTHMS], current) if place.arguments and current else ()
        known = () if place.arguments else completing.records(place.book, current, TOUCHED)
        return [*kinds, *known, *(lengths if place.verb == "set" else ()), *filters]
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


def unique(found: Iterable[Offer]) -> list[Offer]:
    return list(dict(found).items())


# --- what the shells understand --------------------------------------------------------------------------------------


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
