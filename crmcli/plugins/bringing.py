"""What plugins bring: commands and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.errors import CrmError
from crmcli.plugins import load, turned_off
from crmcli.plugins.guard import Guard, Quiet, cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import typer

    from crmcli.hookspecs import Report
    from crmcli.plugins import Say, Values


def add_commands(app: typer.Typer, settings: Values, say: Say, *, taken: Iterable[str] = ()) -> list[str]:
    """Add the plugins' commands to `app`; the names that were added. Those that `app` has already, and those in
    `taken`, are left out with a warning."""
    loaded = load(settings, say)
    if loaded is None:
        return []
    import typer

    known = {*_names(app), *taken}
    added = []
    for name, one in loaded.calls("register_commands"):
        own = typer.Typer()
        with Guard() as guard:
            try:
                guard.call(one.function, *(own,)[: len(one.argnames)])
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                loaded.failed(name, "register_commands", error, "its commands are missing", say)
                continue
        _wrap(own, name)
        for word, info in _names(own).items():
            if word in known:
                say(f"warning: the plugin '{name}' has a command '{word}', but crm has one already; it is left out")
                continue
            info.name = word
            (app.registered_groups if info in own.registered_groups else app.registered_commands).append(info)
            known.add(word)
            added.append(word)
    return added


def _names(app: typer.Typer) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for command in app.registered_commands:
        found[command.name or getattr(command.callback, "__name__", "").lower().replace("_", "-")] = command
    for group in app.registered_groups:
        name = getattr(group.name, "value", group.name)
        if not name and group.typer_instance is not None:
            name = getattr(group.typer_instance.info.name, "value", group.typer_instance.info.name)
        if name:
            found[str(name)] = group
    return found


def _wrap(app: typer.Typer, name: str) -> None:
    """Make every command of a plugin end in one message, and keep stdout for the data that it returns."""
    for info in (*app.registered_commands, *app.registered_groups, app.registered_callback):
        if info is not None and callable(info.callback):
            info.callback = _guarded(info.callback, name)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _wrap(group.typer_instance, name)


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    from functools import wraps

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            with Quiet():
                return function(*arguments, **options)
        except CrmError:
            raise
        except Exception as error:
            if type(error).__module__.split(".")[0] in ("typer", "click"):
                raise  # Exit, Abort and usage errors are the front door's
            raise CrmError(f"the plugin '{name}' failed: {cause(error)}", turned_off(name)) from error

    return run


def reports(settings: Values, say: Say, *, taken: Iterable[str] = ()) -> list[Report]:
    """The reports that the plugins bring, with the texts of the files they name; one of each name. Those in `taken`
    are left out with a warning."""
    loaded = load(settings, say)
    found: dict[str, Report] = {}
    known = set(taken)
    if loaded is None:
        return []
    for name, one in loaded.calls("register_reports"):
        with Guard() as guard:
            try:
                for report in guard.call(lambda one=one: [_read(r) for r in one.function()]):
                    if report.name in known:
                        say(
                            f"warning: the plugin '{name}' has a report '{report.name}', but crm has one already; it is"
                            " left out"
                        )
                        continue
                    if report.name in found:
                        raise CrmError(f"another plugin has a report '{report.name}' already")
                    found[report.name] = report
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                loaded.failed(name, "register_reports", error, "its reports are missing", say)
    return list(found.values())


def _read(report: Report) -> Report:
    from crmcli.hookspecs import Report

    name, title, sql = map(str, report)
    if not name.strip():
        raise CrmError("a report wants a name")
    if sql.endswith(".sql") and "\n" not in sql:
        with open(sql, encoding="utf-8") as file:
            sql = file.read()
    return Report(name, title, sql)
