"""Installed plugins: list them, look at one without running it, enable and disable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli import config
from crmcli import plugins as loader
from crmcli.domain.fields import suggest
from crmcli.domain.types import Flag
from crmcli.errors import AmbiguousError, NotFoundError, UsageError
from crmcli.results import Column, Note, Record, Rows

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from crmcli.context import Context

GROUP = "crmcli"
COLUMNS = (
    Column("name", None, "Name"),
    Column("enabled", Flag(), "Enabled"),
    Column("distribution", None, "Package"),
    Column("version", None, "Version"),
    Column("hooks", None, "Hooks"),
    Column("module", None, "Module"),
)
SUMMARY = Column("summary", None, "Summary")


class Found(NamedTuple):
    """An installed plugin as its package describes it; `hooks` are read from its source, which is not run."""

    name: str
    module: str
    distribution: str
    version: str
    summary: str
    hooks: tuple[str, ...] | None


def plugins(ctx: Context) -> Rows:
    """Every installed plugin, and those that are enabled but no longer there. None is imported for it."""
    on = loader.enabled(str(ctx.settings["plugins"]))
    rows = [_row(found, on) for found in _installed()]
    there = {row["name"] for row in rows}
    for name, module in on.items():
        if name not in there:
            rows.append(_row(Found(name, module, "(not installed)", "", "", _hooks(module)), on))
    return Rows(COLUMNS, sorted(rows, key=lambda row: row["name"]), empty="no plugins are installed", numbered=False)


def info(ctx: Context, name: str) -> Record:
    """What is known of one installed plugin before it may run: package, version, hooks. Raises NotFoundError."""
    row = _row(_one(name), loader.enabled(str(ctx.settings["plugins"])))
    return Record(f"plugin {name}", (*COLUMNS, SUMMARY), row)


def enable(ctx: Context, name: str) -> Note:
    """Let an installed plugin run from now on; whoever asks has shown `info` and got a yes.

    Raises NotFoundError, AmbiguousError, UsageError, and CrmError for one that cannot be loaded.
    """
    found, on = enabling(ctx, name)
    if on.get(name) == found.module:
        return Note(f"the plugin '{name}' is enabled already", data=False)
    loader.check(name, found.module)
    path = _write(ctx, {**on, name: found.module})
    loader.load(ctx.settings, ctx.say)
    return Note(f"enabled the plugin '{name}' ({found.distribution} {found.version}) in {path}", data=False)


def enabling(ctx: Context, name: str) -> tuple[Found, dict[str, str]]:
    """(the plugin, name -> module of those that are enabled), where it can be enabled as far as can be told without
    running it. Raises NotFoundError, AmbiguousError, UsageError."""
    found = _one(name)
    if set(name + found.module) & set(",="):
        raise UsageError(f"the plugin name '{name}' cannot be kept in the settings", "it may hold neither ',' nor '='")
    on = loader.enabled(str(ctx.settings["plugins"]))
    if on.get(name) != found.module:
        _check_origin(ctx)
    return found, on


def disable(ctx: Context, name: str) -> Note:
    """Leave a plugin out from now on, installed or not. Raises NotFoundError, UsageError."""
    on = check_enabled(ctx, name)
    path = _write(ctx, {other: module for other, module in on.items() if other != name})
    return Note(f"disabled the plugin '{name}' in {path}", data=False)


def check_enabled(ctx: Context, name: str) -> dict[str, str]:
    """Name -> module of the enabled plugins. Raises NotFoundError when `name` is not one of them, UsageError where the
    file does not say which they are."""
    on = loader.enabled(str(ctx.settings["plugins"]))
    if name not in on:
        raise NotFoundError(f"the plugin '{name}' is not enabled", suggest(name, on, "crm plugin list"))
    _check_origin(ctx)
    return on


def _check_origin(ctx: Context) -> None:
    """Raises UsageError where the plugins are not set in the file."""
    origin = ctx.settings.find("plugins")[1]
    if origin not in ("default", config.config_file()):
        raise UsageError(f"the plugins are set by {origin}", f"change {origin}, or unset it and try again")


def _write(ctx: Context, on: dict[str, str]) -> str:
    path = config.write("plugins", ",".join(f"{name}={module}" for name, module in on.items()) or None)
    ctx.settings = config.Settings(ctx.settings.flags)
    return path


def _row(found: Found, on: dict[str, str]) -> dict[str, Any]:
    hooks = "(not found)" if found.hooks is None else ", ".join(found.hooks) or "(none)"
    return {**found._asdict(), "enabled": on.get(found.name) == found.module, "hooks": hooks}


def _one(name: str) -> Found:
    fitting = [found for found in _installed() if found.name == name]
    if not fitting:
        names = [found.name for found in _installed()]
        raise NotFoundError(f"no plugin '{name}' is installed", suggest(name, names, "crm plugin list"))
    if len(fitting) > 1:
        raise AmbiguousError(
            f"several packages bring a plugin '{name}':",
            [f"{found.distribution} {found.version} ({found.module})" for found in fitting],
            "uninstall all but one",
        )
    return fitting[0]


def is_installed(name: str) -> bool:
    """Whether a package brings a plugin of that name."""
    return any(found.name == name for found in _installed())


def _installed() -> list[Found]:
    from importlib.metadata import entry_points

    found = {_described(point) for point in entry_points(group=GROUP)}
    return sorted(found, key=lambda one: (one.name, one.distribution))


def _described(point: EntryPoint) -> Found:
    package = point.dist
    assert package is not None  # it came from an installed distribution
    summary = str(package.metadata.json.get("summary", ""))
    return Found(point.name, point.value, package.name, package.version, summary, _hooks(point.value))


def _hooks(module: str) -> tuple[str, ...] | None:
    """The functions marked as hooks in a module's source; None where there is no source to read."""
    import ast

    path = _source(module.partition(":")[0])
    if path is None:
        return None
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return None
    return tuple(
        sorted(
            node.name
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
            and any("hookimpl" in ast.unparse(mark) for mark in node.decorator_list)
        )
    )


def _source(module: str) -> str | None:
    """The source file of a module, found without importing it or the packages around it."""
    import os
    from importlib.machinery import PathFinder

    where: list[str] | None = None
    *outer, last = module.split(".")
    for name in outer:
        spec = PathFinder.find_spec(name, where)
        where = list(spec.submodule_search_locations or ()) if spec else []
    spec = PathFinder.find_spec(last, where)
    return spec.origin if spec and spec.origin and os.path.isfile(spec.origin) and spec.origin.endswith(".py") else None
