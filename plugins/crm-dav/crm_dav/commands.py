"""crm sync: the book in step with collections of DAV servers."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from crmcli.api import (
    Changed,
    Column,
    CrmError,
    Instant,
    Integer,
    Note,
    Rows,
    UsageError,
    book,
    contact_sync,
    data_dir,
    failed,
    synced,
    task_sync,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crm_dav.places import Place
    from crm_dav.shapes import Collection
    from crmcli.api import Context, Outcome, SyncRun

Result = TypeVar("Result")

LOCK = "dav.lock"
#: What a place that is written down holds, unless somebody writes another filter.
MINE = "(owner:me or no:owner)"


def group() -> typer.Typer:
    """The commands."""
    app = typer.Typer(
        help="Keep tasks and contacts in step with other programs (CalDAV, CardDAV).", no_args_is_help=True,
        epilog="Examples:\n  crm sync discover https://dav.example.org/ --user ada\n  crm sync dav --dry-run\n"
        "  crm sync places",
    )  # fmt: skip
    app.command(
        "dav", help="Bring the places of dav.toml in step with the book, both ways.",
        epilog="Examples:\n  crm sync dav\n  crm sync dav work --dry-run\n  crm sync dav > /dev/null  # in cron",
    )(dav)  # fmt: skip
    app.command(
        "places", help="List the places of dav.toml, and when each was last in step.",
        epilog="Examples:\n  crm sync places\n  crm sync places -o json",
    )(places)  # fmt: skip
    app.command(
        "discover", help="List the collections of a server; --add writes one into dav.toml.",
        epilog="Examples:\n  crm sync discover https://dav.example.org/ --user ada\n"
        "  crm sync discover https://dav.example.org/ada/work/ --user ada --password-cmd 'pass show dav' --add work",
    )(discover)  # fmt: skip
    return app


def _names(incomplete: str) -> list[tuple[str, str]]:
    """The places that there are, for completion."""
    from crm_dav import places as table

    return [(one.name, one.keep) for one in table.read() if one.name.startswith(incomplete)]


def dav(
    ctx: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Places; all of them", autocompletion=_names)
    ] = None,
    emptied: Annotated[
        bool,
        typer.Option("--emptied", help="What one side lost nearly all of was meant to go", show_default=False),
    ] = False,
) -> Changed:
    from crm_dav import places as table

    chosen = table.chosen(names or [])
    context = book(ctx)
    lines: list[str] = []
    told: list[dict[str, Any]] = []
    with _alone() as alone:
        if not alone:
            context.say("another run of crm sync is at it")
            return Changed((), values={"places": []})
        for place, found in _synced(context, chosen, emptied):
            if isinstance(found, CrmError):
                if len(chosen) == 1:
                    raise found
                context.say(f"{place.name}: {found}")
                told.append({"place": place.name, "keep": place.keep, "error": found.message})
                failed(ctx)
                continue
            lines.append(f"{place.name}: {found}")
            told.append({"place": place.name, "keep": place.keep, **_numbers(found), "error": None})
            if found.unsettled:
                failed(ctx)
    # Numbers alone say nothing where they are of two kinds.
    kinds = {place.keep for place in chosen}
    ids = tuple(number for row in told for number in row.get("ids", ())) if len(kinds) == 1 else ()
    entity = kinds.pop().removesuffix("s") if len(kinds) == 1 else ""
    return Changed(tuple(lines), (), context.batch, ids, entity, values={"places": told})


def _numbers(found: Outcome) -> dict[str, Any]:
    """What a run did, for machines."""
    return {
        "new_here": found.new, "changed_here": found.changed, "removed_here": found.removed, "new_there": found.put,
        "changed_there": found.updated, "removed_there": found.deleted, "unsettled": list(found.unsettled),
        "ids": list(found.ids),
    }  # fmt: skip


def places(ctx: typer.Context) -> Rows:
    from crm_dav import places as table
    from crm_dav.addresses import account

    found = table.read()
    urls = {}
    for one in found:
        origin, href = account(one.url, one.allow_http)
        urls[one.name] = f"{origin}{href.rstrip('/')}/"
    known = synced(book(ctx), list(urls.values()))
    rows = []
    for one in found:
        at, linked = known.get(urls[one.name], (None, 0))
        rows.append(
            {"name": one.name, "keep": one.keep, "filter": one.filter, "direction": one.direction, "linked": linked,
             "synced_at": at, "url": urls[one.name]}
        )  # fmt: skip
    columns = (
        Column("name", None, "Place"), Column("keep", None, "Keeps"), Column("filter", None, "Filter"),
        Column("direction", None, "Direction"), Column("linked", Integer(), "Linked"),
        Column("synced_at", Instant(), "In step"), Column("url", None, "URL"),
    )  # fmt: skip
    return Rows(columns, rows, empty=f"no place is set up in {table.path()}", below="url", numbered=False)


def discover(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="The server, or a collection there")],
    user: Annotated[str, typer.Option("--user", metavar="NAME", help="Who you are there", show_default=False)] = "",
    password_cmd: Annotated[
        str, typer.Option("--password-cmd", metavar="CMD", help="A program that says the password", show_default=False)
    ] = "",
    ca_file: Annotated[
        str, typer.Option("--ca-file", metavar="FILE", help="The certificate of such a server", show_default=False)
    ] = "",
    add: Annotated[
        str, typer.Option("--add", metavar="NAME", help="Write the collection into dav.toml", show_default=False)
    ] = "",
) -> Rows | Note:
    from crm_dav import places as table
    from crm_dav.client import Client

    context = book(ctx)
    password = table.said_by(password_cmd) if password_cmd else _asked(user)
    with Client(url, user, password, ca_file=ca_file) as client:
        server, found = client.server, client.discover()
    if add:
        if len(found) != 1:
            raise UsageError(f"there are {len(found)} collections at that address", "give the address of one of them")
        people = found[0].kind == "addressbook"
        if not (people or found[0].todos or found[0].events):
            raise UsageError("that calendar takes neither events nor to-dos", "choose another collection")
        values = {
            "url": f"{server}{found[0].href}", "user": user, "password_cmd": password_cmd,
            "password": "" if password_cmd else password, "keep": "contacts" if people else "tasks",
            "filter": "" if people else MINE, "ca_file": ca_file,
        }  # fmt: skip
        if context.rehearsing:
            return Note(f"would write [{add}] into {table.path()}", data=False)
        return Note(f"wrote [{add}] into {table.add(add, table.written(add, values))}", data=False)
    rows = [
        {"name": one.name, "kind": one.kind, "holds": _holds(one), "url": f"{server}{one.href}"} for one in found
    ]  # fmt: skip
    context.say(f"'crm sync discover URL{f' --user {user}' if user else ''} --add NAME' writes one into {table.path()}")
    columns = (
        Column("name", None, "Name"), Column("kind", None, "Kind"), Column("holds", None, "Holds"),
        Column("url", None, "URL"),
    )  # fmt: skip
    return Rows(columns, rows, below="url", numbered=False)


def _synced(context: Context, chosen: Sequence[Place], emptied: bool) -> list[tuple[Place, Outcome | CrmError]]:
    """What became of each place: all of them are read before any is written to."""
    if context.rehearsing:
        return [(place, _caught(partial(_tried, context, place, emptied))) for place in chosen]
    with ExitStack() as opened:
        runs = [(place, _caught(partial(_read, context, place, opened, emptied))) for place in chosen]
        return [(place, run if isinstance(run, CrmError) else _caught(run.write)) for place, run in runs]


def _caught(step: Callable[[], Result]) -> Result | CrmError:
    try:
        return step()
    except CrmError as error:
        return error


def _tried(context: Context, place: Place, emptied: bool) -> Outcome:
    """What a run would do, by itself: nobody has to wait with writing until the next server answers."""
    with context.rehearsal(), ExitStack() as opened:
        return _run(context, place, opened, emptied).run()


def _read(context: Context, place: Place, opened: ExitStack, emptied: bool) -> SyncRun:
    run = _run(context, place, opened, emptied)
    run.read()
    return run


def _run(context: Context, place: Place, opened: ExitStack, emptied: bool) -> SyncRun:
    """The run for a place, whose client is closed with what was `opened`."""
    from crm_dav.addresses import account
    from crm_dav.client import Client
    from crm_dav.remote import DavRemote

    _, href = account(place.url, place.allow_http)
    client = Client(place.url, place.user, place.secret(), allow_http=place.allow_http, ca_file=place.ca_file)
    collection = opened.enter_context(client).collection(href)
    _check(place, collection)
    remote = DavRemote(client, collection)
    if place.keep == "contacts":
        return contact_sync(context, remote, place.filter, direction=place.direction, sure=emptied)
    todos = _todos(place, collection)
    return task_sync(context, remote, place.filter, todos=todos, direction=place.direction, sure=emptied)


def _check(place: Place, collection: Collection) -> None:
    """Raises UsageError for a place that does not fit its collection."""
    kind = {"tasks": "calendar", "contacts": "addressbook"}[place.keep]
    if collection.kind != kind:
        what = {"calendar": "calendar", "addressbook": "address book"}[kind]
        raise UsageError(f"{place.name}: {place.url} is no {what}", f"{place.keep} go into one; see keep in dav.toml")
    if collection.writable is False and place.direction != "pull":
        raise UsageError(f"{place.name}: you may only read {place.url}", 'write direction = "pull" in dav.toml')


def _todos(place: Place, collection: Collection) -> bool:
    """Whether new tasks go there as to-dos. Raises UsageError where they can go in no way that is asked for."""
    takes = {"events": collection.events, "todos": collection.todos}
    if place.items:
        if not takes[place.items]:
            raise UsageError(f"{place.name}: {place.url} takes no {place.items}", "leave out items in dav.toml")
        return place.items == "todos"
    if not any(takes.values()):
        raise UsageError(f"{place.name}: {place.url} takes neither events nor to-dos", "choose another collection")
    return not collection.events


def _holds(collection: Collection) -> str:
    if collection.kind != "calendar":
        return "contacts"
    kinds = (("events", collection.events), ("to-dos", collection.todos))
    return " and ".join(word for word, there in kinds if there)


def _asked(user: str) -> str:
    """The password as somebody types it; none where nobody is there, for servers that want none."""
    import sys
    from getpass import getpass

    return getpass(f"Password of {user}: ") if user and sys.stdin is not None and sys.stdin.isatty() else ""


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other run of this machine is at it; none can begin meanwhile."""
    os.makedirs(data_dir(), mode=0o700, exist_ok=True)
    handle = os.open(os.path.join(data_dir(), LOCK), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
