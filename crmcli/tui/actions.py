"""What can be done in the dashboard, said once: bindings, the line of keys, the help and the palette read this."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.text import fold

if TYPE_CHECKING:
    from textual.binding import BindingType

#: The places an action can belong to, and what the help screen calls them.
PLACES = {
    "any": "Everywhere",
    "board": "Pipeline board",
    "today": "Today",
    "list": "Lists",
    "record": "Record",
    "dupes": "Duplicates",
    "go": "Go to (after g)",
}
RECORDS = ("board", "today", "list", "record")


class Action(NamedTuple):
    """One thing to do: `name` is the handler `action_<name>`, `keys` the keys with commas, `label` its word in the
    line of keys ("" leaves it out there), `where` the places it belongs to, `of` what the handler is given."""

    name: str
    keys: str
    label: str
    help: str
    where: tuple[str, ...] = ("any",)
    of: str = ""

    def call(self, key: str) -> str:
        """The call of the handler for one of the keys; of the keys 1 to 9 it gets the number."""
        given = key if key.isdigit() else repr(self.of) if self.of else ""
        return f"{self.name}({given})" if given else self.name

    def called(self, typed: str) -> bool:
        """Whether somebody who typed this means the action: its word or its name, or its help from the first word on.
        One word that a help begins with may be somebody's name."""
        words, told = fold(typed).split(), fold(self.help).split()
        begun = len(words) > 1 and " ".join(told).startswith(" ".join(words))
        return begun or words in (told, fold(self.label).split(), [self.name])

    @property
    def shown(self) -> str:
        """The keys as people read them."""
        return " ".join(SHOWN.get(key, key) for key in self.keys.split(","))


SHOWN = {
    "enter": "↵", "escape": "esc", "left": "←", "right": "→", "up": "↑", "down": "↓",
    "pageup": "pgup", "pagedown": "pgdn", "question_mark": "?", "slash": "/", "equals_sign": "=",
    "colon": ":", "shift+left": "⇧←", "shift+right": "⇧→", "shift+up": "⇧↑", "shift+down": "⇧↓",
}  # fmt: skip

#: What works in a window and while a line is typed too.
ALWAYS = frozenset(("leave", "suspend_process"))

ACTIONS = (
    Action("down", "j,down", "", "Next line or card", RECORDS),
    Action("up", "k,up", "", "Previous line or card", RECORDS),
    Action("left", "h,left", "", "Column or pane to the left", ("board", "record")),
    Action("right", "l,right", "", "Column or pane to the right", ("board", "record")),
    Action("page_down", "pagedown,ctrl+d", "", "A page down", RECORDS),
    Action("page_up", "pageup,ctrl+u", "", "A page up", RECORDS),
    Action("top", "home", "", "First line or card", RECORDS),
    Action("bottom", "end,G", "", "Last line or card", RECORDS),
    Action("open", "enter", "open", "Open the record", RECORDS),
    Action("merge", "m", "merge", "Merge the two; u takes it apart again", ("dupes",)),
    Action("not_same", "n", "n not same", "They are not the same: never ask again", ("dupes",)),
    Action("skip", "s", "skip", "Leave the pair for another time", ("dupes",)),
    Action("left", "h,left", "h/l keep", "Keep the value of the left record", ("dupes",)),
    Action("right", "l,right", "", "Keep the value of the right record", ("dupes",)),
    Action("as_ruled", "equals_sign", "", "Keep what a merge keeps of itself", ("dupes",)),
    Action("swap", "x", "swap", "Have the other record stay", ("dupes",)),
    Action("down", "j,down", "", "Next field", ("dupes",)),
    Action("up", "k,up", "", "Previous field", ("dupes",)),
    Action("page_down", "pagedown,ctrl+d", "", "A page of fields down", ("dupes",)),
    Action("page_up", "pageup,ctrl+u", "", "A page of fields up", ("dupes",)),
    Action("top", "home", "", "First field", ("dupes",)),
    Action("bottom", "end,G", "", "Last field", ("dupes",)),
    Action("open", "enter", "", "Open the record that stays", ("dupes",)),
    Action("open_other", "o", "", "Open the other record", ("dupes",)),
    Action("back_move", "H,shift+left", "", "Move the card to the previous stage (or drag it)", ("board",)),
    Action("forth_move", "L,shift+right", "H/L move", "Move the card to the next stage (or drag it)", ("board",)),
    Action("done", "d", "done", "Mark the task done, with what came of it", ("today", "list", "record")),
    Action("snooze", "s", "snooze", "Put the task off: tomorrow, mon, +3d, 'fri 14:30'", ("today", "list", "record")),
    Action("won", "w", "won", "Win the deal", RECORDS),
    Action("lost", "x", "lost", "Lose the deal, with a reason", RECORDS),
    Action("task", "t", "task", "Add a task: Call Ada due=fri type=call", RECORDS),
    Action("add", "a", "add", "Add a record: Name FIELD=VALUE #tag", ("board", "today", "list")),
    Action(
        "filter", "/", "filter", "Filter with the filter language; esc clears it", ("board", "today", "list", "dupes")
    ),
    Action("undo", "u", "undo", "Take the last change back"),
    Action("go", "g", "go", "Go to another place"),
    Action("next_group", "J,shift+down", "J/K group", "Next group", ("dupes",)),
    Action("previous_group", "K,shift+up", "", "Previous group", ("dupes",)),
    Action("next_kind", "tab", "kind", "Contacts, companies, leads, deals", ("dupes",)),
    Action("note", "n", "note", "Write a note on the timeline", RECORDS),
    Action("edit", "e", "edit", "Change fields: FIELD=VALUE, tags=+vip", RECORDS),
    Action("call", "c", "call", "Log a call on the timeline", RECORDS),
    Action("convert", "C", "", "Turn the lead into contact, company and deal", ("list", "record")),
    Action("duplicates", "D", "dupes", "Look at duplicates side by side", ("board", "list", "record")),
    Action("next_pipeline", "tab", "", "Next pipeline", ("board",)),
    Action("pipeline", "1,2,3,4,5,6,7,8,9", "", "Pipeline by its number", ("board",)),
    Action("palette", ":,ctrl+p", "", "Every action and every record by name"),
    Action("help", "?", "help", "This page"),
    Action("refresh", "r", "", "Read everything again"),
    Action("theme", "T", "", "Dark or light"),
    Action("suspend_process", "ctrl+z", "", "Back to the shell for a while; fg returns here"),
    Action("back", "q", "", "Back; from a main place leave"),
    Action("cancel", "escape", "", "Clear the filter, or back"),
    Action("leave", "ctrl+q,ctrl+c", "", "Leave at once"),
    Action("visit", "b", "board", "The pipeline board", ("go",), "board"),
    Action("visit", "t", "today", "What needs you today", ("go",), "today"),
    Action("visit", "l", "leads", "All leads", ("go",), "lead"),
    Action("visit", "d", "deals", "All deals", ("go",), "deal"),
    Action("visit", "c", "contacts", "All contacts", ("go",), "contact"),
    Action("visit", "o", "companies", "All companies", ("go",), "company"),
    Action("visit", "k", "tasks", "All tasks", ("go",), "task"),
    Action("visit", "u", "dupes", "Duplicates, side by side", ("go",), "dupes"),
    Action("to_top", "g", "top", "First line or card", ("go",)),
)


def actions_for(where: str) -> tuple[Action, ...]:
    """The actions of one place, in order."""
    return tuple(action for action in ACTIONS if where in action.where)


def bindings_for(where: str) -> list[BindingType]:
    """Textual's bindings for one place."""
    from textual.binding import Binding

    return [
        Binding(key, action.call(key), action.help, show=False, priority=action.name in ALWAYS)
        for action in actions_for(where)
        for key in action.keys.split(",")
    ]
