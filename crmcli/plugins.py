"""Enabled plugins: loaded by name, called one by one, each with a guard.

The setting `plugins` names them; start-up never looks for installed ones. pluggy is imported only when one is enabled.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import CrmError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol

    import pluggy
    import typer

    from crmcli.domain.change import Change
    from crmcli.hookspecs import Report

    Say = Callable[[str], None]

    class Values(Protocol):
        """The settings in force."""

        @property
        def database(self) -> str: ...

        def __getitem__(self, name: str) -> Any: ...


#: How long one call of a hook may take, in seconds.
LIMIT = 5.0
#: After so many failures a plugin is left out until the program ends; after one hook that took too long at once.
FAILURES = 3


class Callbacks(NamedTuple):
    """What `context` hangs into the write path; None costs nothing. Nothing here reacts with further changes."""

    before: Callable[[list[Change]], list[Change]] | None = None
    react: None = None
    after: Callable[[list[Change]], None] | None = None


class TooLongError(BaseException):
    """The alarm clock rang; not an Exception, so that plugins do not catch it by accident."""


# --- which are enabled, and loading them ---------------------------------------------------------------------------


def enabled(text: str) -> dict[str, str]:
    """Name -> module of the plugins that the setting `plugins` names, in its order."""
    found = {}
    for part in text.split(","):
        name, _, module = part.partition("=")
        if name.strip():
            found[name.strip()] = module.strip() or name.strip()
    return found


class Loaded:
    """The plugins of one value of the setting: loaded, or warned about; `failures` counts by name."""

    def __init__(self, text: str, say: Say) -> None:
        import pluggy

        from crmcli import hookspecs

        self.manager = pluggy.PluginManager(hookspecs.PROJECT)
        self.manager.add_hookspecs(hookspecs)
        self.failures: dict[str, int] = {}
        for name, module in enabled(text).items():
            with Guard() as guard:
                try:
                    self._load(name, guard.call(_import, module))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    say(f"warning: the plugin '{name}' ({module}) cannot be loaded: {_told(error)}{_off(name)}")

    def _load(self, name: str, plugin: Any) -> None:
        self.manager.register(plugin, name)
        known = {"before_change", "after_change", "register_commands", "register_reports"}
        for caller in self.manager.get_hookcallers(plugin) or ():
            wraps = any(i.plugin is plugin and (i.wrapper or i.hookwrapper) for i in caller.get_hookimpls())
            if caller.name not in known or wraps:
                self.manager.unregister(plugin)
                raise CrmError("hook wrappers are not supported" if wraps else f"there is no hook '{caller.name}'")

    def calls(self, hook: str) -> Iterator[tuple[str, pluggy.HookImpl]]:
        """(plugin, implementation) in calling order, without those that were left out for their failures."""
        for one in reversed(getattr(self.manager.hook, hook).get_hookimpls()):
            if self.failures.get(one.plugin_name, 0) < FAILURES:
                yield one.plugin_name, one

    def failed(self, name: str, hook: str, error: BaseException | str, then: str, say: Say) -> None:
        """Warn, and leave the plugin out when it was once too often."""
        slow = isinstance(error, TooLongError)
        self.failures[name] = FAILURES if slow else self.failures.get(name, 0) + 1
        last = "; it is left out from now on" if self.failures[name] >= FAILURES else ""
        told = error if isinstance(error, str) else _told(error)
        say(f"warning: the plugin '{name}' failed in {hook}: {told}; {then}{last}{_off(name)}")


def _import(module: str) -> Any:
    from importlib import import_module

    path, _, attribute = module.partition(":")
    plugin: Any = import_module(path)
    for part in attribute.split(".") if attribute else ():
        plugin = getattr(plugin, part)
    return plugin


def _told(error: BaseException) -> str:
    if isinstance(error, TooLongError):
        return f"it took longer than {LIMIT:g} seconds"
    said = str(error).strip()
    return f"{type(error).__name__}: {said.splitlines()[0]}" if said else type(error).__name__


def _off(name: str) -> str:
    return f"\n  'crm plugin disable {name}' turns it off"


class _State:
    """The plugins of this process, the settings they run under, and the threads that are inside a hook."""

    loaded: dict[str, Loaded]
    settings: Values | None = None
    inside: set[int]

    def __init__(self) -> None:
        self.loaded, self.inside = {}, set()


STATE = _State()


def load(settings: Values, say: Say) -> Loaded | None:
    """The enabled plugins, imported once in a process; None when there are none. Broken ones are warned about."""
    text = str(settings["plugins"])
    if not text.strip():
        return None
    STATE.settings = settings
    if text not in STATE.loaded:
        STATE.loaded[text] = Loaded(text, say)
    return STATE.loaded[text]


# --- the guard -----------------------------------------------------------------------------------------------------


class Aside:
    """A stdout for plugins: what they print goes to stderr, and closing it closes nothing."""

    encoding, errors, closed = "utf-8", "strict", False

    def write(self, text: str) -> int:
        from crmcli.domain.text import visible

        try:
            sys.stderr.write(visible(text, multiline=True))
        except (OSError, ValueError):
            return 0
        return len(text)

    def writelines(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Stderr needs none."""

    def close(self) -> None:
        """It stays open: the next plugin prints too."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return 2


class Guard:
    """What surrounds plugin code: stdout kept clean, file descriptor 1 kept open, and a time limit.

    In the main thread an alarm ends a call after LIMIT seconds; elsewhere (the dashboard's workers) no call can be
    ended, and TooLongError is raised when it has come back.
    """

    def __enter__(self) -> Guard:
        import os
        import signal
        import threading

        me = threading.get_ident()
        STATE.inside.add(me)
        self._stdout, sys.stdout = sys.stdout, Aside()
        self._fd, self._armed = -1, False
        self._old: Any = None
        self._alarm = threading.current_thread() is threading.main_thread()
        if self._alarm:
            try:
                self._stdout.flush()
                self._fd = os.dup(1)
                os.dup2(2, 1)
            except (AttributeError, OSError, ValueError):
                pass  # there is no stdout, or no stderr: nothing to protect
            self._alarm = signal.getitimer(signal.ITIMER_REAL)[0] == 0  # somebody else's alarm is left alone
        if self._alarm:
            self._old = signal.signal(signal.SIGALRM, self._ring)
        return self

    def __exit__(self, *_: object) -> None:
        import os
        import signal
        import threading

        if self._alarm:
            signal.signal(signal.SIGALRM, self._old)
        if self._fd >= 0:
            os.dup2(self._fd, 1)
            os.close(self._fd)
        sys.stdout = self._stdout
        STATE.inside.discard(threading.get_ident())

    def _ring(self, *_: object) -> None:
        if self._armed:
            raise TooLongError

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call it. Raises what it raises, and TooLongError."""
        import signal
        import time

        started = time.monotonic()
        if self._alarm:
            self._armed = True
            signal.setitimer(signal.ITIMER_REAL, LIMIT)
        try:
            answer = function(*arguments)
        finally:
            self._armed = False
            if self._alarm:
                signal.setitimer(signal.ITIMER_REAL, 0)
        if not self._alarm and time.monotonic() - started > LIMIT:
            raise TooLongError
        return answer


# --- hooks of the write path ---------------------------------------------------------------------------------------


def hooks_for(settings: Values, say: Say) -> Callbacks:
    """The before and after callables of the enabled plugins; of a write that a plugin's own hook makes, none."""
    if not str(settings["plugins"]).strip():
        return Callbacks()
    import threading

    loaded = load(settings, say)
    if loaded is None or threading.get_ident() in STATE.inside:
        return Callbacks()

    def before(changes: list[Change]) -> list[Change]:
        return _before(loaded, changes, say)

    def after(changes: list[Change]) -> None:
        _after(loaded, changes, say)

    return Callbacks(
        before if loaded.manager.hook.before_change.get_hookimpls() else None,
        None,
        after if loaded.manager.hook.after_change.get_hookimpls() else None,
    )


def _before(loaded: Loaded, changes: list[Change], say: Say) -> list[Change]:
    for name, one in loaded.calls("before_change"):
        with Guard() as guard:
            passed = []
            for change in changes:
                kept = _amended(loaded, name, one, guard, change, say)
                if kept is not None:
                    passed.append(kept)
        changes = passed
    return changes


def _amended(loaded: Loaded, name: str, one: pluggy.HookImpl, guard: Guard, change: Change, say: Say) -> Change | None:
    """The change after one plugin saw it; None when the plugin put everything back as it was."""
    from crmcli.domain import amend

    if loaded.failures.get(name, 0) >= FAILURES:
        return change
    try:
        given = (amend.copied(change),)
        answer = guard.call(one.function, *given[: len(one.argnames)])
    except CrmError as error:
        error.message = f"the plugin '{name}' refused the {change.entity}: {error.message}"
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        loaded.failed(name, "before_change", error, "the change went on without it", say)
        return change
    if answer is None:
        return change
    try:
        return amend.accept(change, answer)
    except CrmError as error:
        loaded.failed(name, "before_change", error.message, "the change went on without it", say)
        return change


def _after(loaded: Loaded, changes: list[Change], say: Say) -> None:
    from crmcli.domain import amend

    for name, one in loaded.calls("after_change"):
        with Guard() as guard:
            try:
                given = ([amend.copied(change) for change in changes],)
                guard.call(one.function, *given[: len(one.argnames)])
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                loaded.failed(name, "after_change", error, "everything is saved", say)


# --- commands and reports ------------------------------------------------------------------------------------------


def add_commands(app: typer.Typer, settings: Values, say: Say) -> list[str]:
    """Add the plugins' commands to `app`; the names that were added. Names that `app` has already are left out."""
    loaded = load(settings, say)
    if loaded is None:
        return []
    import typer

    taken = set(_names(app))
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
            if word in taken:
                say(f"warning: the plugin '{name}' has a command '{word}', but crm has one already; it is left out")
                continue
            info.name = word
            (app.registered_groups if info in own.registered_groups else app.registered_commands).append(info)
            taken.add(word)
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
    """Make every command of a plugin end in one message, and keep the data on stdout its own."""
    for command in app.registered_commands:
        if command.callback is not None:
            command.callback = _guarded(command.callback, name)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _wrap(group.typer_instance, name)


def _guarded(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    from functools import wraps

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except CrmError:
            raise
        except Exception as error:
            if type(error).__module__.split(".")[0] in ("typer", "click"):
                raise  # Exit, Abort and usage errors are the front door's
            raise CrmError(f"the plugin '{name}' failed: {_told(error)}", _off(name).strip()) from error

    return run


def reports(settings: Values, say: Say) -> list[Report]:
    """The reports that the plugins bring, with the texts of the files they name; one of each name."""
    loaded = load(settings, say)
    found: dict[str, Report] = {}
    if loaded is None:
        return []
    for name, one in loaded.calls("register_reports"):
        with Guard() as guard:
            try:
                for report in guard.call(lambda one=one: [_read(r) for r in one.function()]):
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
    if sql.endswith(".sql") and "\n" not in sql:
        with open(sql, encoding="utf-8") as file:
            sql = file.read()
    return Report(name, title, sql)
