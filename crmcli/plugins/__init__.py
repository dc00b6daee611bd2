"""Enabled plugins: loaded by name, called one by one, each with a guard.

The setting `plugins` names them; start-up never looks for installed ones. pluggy is imported only when one is enabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import CrmError, RefusedError
from crmcli.plugins.guard import INSIDE, Guard, TooLongError, cause

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    import pluggy

    from crmcli.domain.change import Change

    Say = Callable[[str], None]

    class Fitting(Protocol):
        """The book as it will be once some changes are written."""

        def put(self, change: Change) -> None: ...

        def fault(self, given: Change, amended: Change) -> str: ...

    class Values(Protocol):
        """The settings in force."""

        @property
        def database(self) -> str: ...

        def __getitem__(self, name: str) -> Any: ...


#: After so many failures a plugin is left out until the program ends; after one hook that took too long at once.
FAILURES = 3


class Callbacks(NamedTuple):
    """What `context` hangs into the write path; None costs nothing. Nothing here reacts with further changes."""

    before: Callable[[list[Change]], list[Change]] | None = None
    react: None = None
    after: Callable[[list[Change]], None] | None = None


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
        #: What could not be loaded, and why.
        self.broken: dict[str, str] = {}
        for name, module in enabled(text).items():
            with Guard() as guard:
                try:
                    self._load(name, guard.call(_import, module))
                except KeyboardInterrupt:
                    raise
                except BaseException as error:
                    self.broken[name] = f"the plugin '{name}' ({module}) cannot be loaded: {cause(error)}"
                    say(f"warning: {self.broken[name]}\n  {turned_off(name)}")

    def _load(self, name: str, plugin: Any) -> None:
        self.manager.register(plugin, name)
        for caller in self.manager.get_hookcallers(plugin) or ():
            wraps = any(i.plugin is plugin and (i.wrapper or i.hookwrapper) for i in caller.get_hookimpls())
            if wraps or not caller.has_spec():
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
        told = error if isinstance(error, str) else cause(error)
        say(f"warning: the plugin '{name}' failed in {hook}: {told}; {then}{last}\n  {turned_off(name)}")


def _import(module: str) -> Any:
    from importlib import import_module

    path, _, attribute = module.partition(":")
    plugin: Any = import_module(path)
    for part in attribute.split(".") if attribute else ():
        plugin = getattr(plugin, part)
    return plugin


def turned_off(name: str) -> str:
    """How to go on without a plugin."""
    return f"'crm plugin disable {name}' turns it off"


class _State:
    """The plugins of this process, and the settings they run under."""

    def __init__(self) -> None:
        self.loaded: dict[str, Loaded] = {}
        self.settings: Values | None = None


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


def check(name: str, module: str) -> None:
    """Make sure that a plugin can be loaded, by loading it. Raises CrmError."""
    broken = Loaded(f"{name}={module}", lambda _line: None).broken
    if broken:
        raise CrmError(broken[name])


# --- hooks of the write path ---------------------------------------------------------------------------------------


def hooks_for(settings: Values, say: Say, fitting: Callable[[list[Change]], Fitting]) -> Callbacks:
    """The before and after callables of the enabled plugins; of a write that a plugin's own hook makes, none.
    `fitting` says of changes what an amendment must fit."""
    if not str(settings["plugins"]).strip():
        return Callbacks()
    import threading

    loaded = load(settings, say)
    if loaded is None or threading.get_ident() in INSIDE:
        return Callbacks()

    def before(changes: list[Change]) -> list[Change]:
        return _before(loaded, changes, say, fitting)

    def after(changes: list[Change]) -> None:
        _after(loaded, changes, say)

    return Callbacks(
        before if loaded.manager.hook.before_change.get_hookimpls() else None,
        None,
        after if loaded.manager.hook.after_change.get_hookimpls() else None,
    )


def _before(
    loaded: Loaded, changes: list[Change], say: Say, fitting: Callable[[list[Change]], Fitting]
) -> list[Change]:
    for name, one in loaded.calls("before_change"):
        fits = fitting(changes)
        with Guard() as guard:
            passed = []
            for change in changes:
                kept = _amended(loaded, name, one, guard, change, say, fits)
                if kept is not None:
                    passed.append(kept)
        changes = passed
    return changes


def _amended(
    loaded: Loaded, name: str, one: pluggy.HookImpl, guard: Guard, change: Change, say: Say, fits: Fitting
) -> Change | None:
    """The change after one plugin saw it; None when the plugin put everything back as it was."""
    from crmcli.domain import amend

    if loaded.failures.get(name, 0) >= FAILURES:
        return change
    try:
        given = (amend.copied(change),)
        answer = guard.call(one.function, *given[: len(one.argnames)])
    except RefusedError as error:
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
        made = amend.accept(change, answer)
    except CrmError as error:
        loaded.failed(name, "before_change", error.message, "the change went on without it", say)
        return change
    if made is None or made == change:
        return made
    fault = fits.fault(change, made)
    if fault:
        loaded.failed(name, "before_change", fault, "the change went on without it", say)
        return change
    fits.put(made)
    return made


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
