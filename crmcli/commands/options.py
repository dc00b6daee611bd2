"""Options that say in their help what they are when they are not given, and need no default beside it."""

from __future__ import annotations

from typing import Any

import typer


def text(*names: str, metavar: str, help: str, **more: Any) -> Any:
    """An option with a value."""
    return typer.Option(*names, metavar=metavar, help=help, show_default=False, **more)


def flag(*names: str, help: str) -> Any:
    """An option without one."""
    return typer.Option(*names, help=help, show_default=False)
