"""Options of commands: those that say in their help what they are when they are not given, and need no default beside
it; groups of them that several verbs have."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable


def text(*names: str, metavar: str, help: str, **more: Any) -> Any:
    """An option with a value."""
    return typer.Option(*names, metavar=metavar, help=help, show_default=False, **more)


def flag(*names: str, help: str) -> Any:
    """An option without one."""
    return typer.Option(*names, help=help, show_default=False)


def grouped(**groups: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a verb with groups of options: in place of its parameter of that name it has the parameters of a function or
    NamedTuple as options, and is called with what that makes of them."""
    inner = {name: _parameters(group) for name, group in groups.items()}

    def decorate(verb: Callable[..., Any]) -> Callable[..., Any]:
        own = _parameters(verb)
        options = [one for name, said in own.items() for one in inner.get(name, {name: said}).values()]

        @functools.wraps(verb)
        def call(**words: Any) -> Any:
            for name, group in groups.items():
                words[name] = group(**{option: words.pop(option) for option in inner[name]})
            return verb(**words)

        # What Typer makes the options of.
        keyword = inspect.Parameter.KEYWORD_ONLY
        call.__signature__ = inspect.Signature([one.replace(kind=keyword) for one in options])  # type: ignore[attr-defined]
        call.__annotations__ = {one.name: one.annotation for one in options}
        return call

    return decorate


def _parameters(call: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The parameters of something that can be called, by name, with their annotations as objects."""
    hints = get_type_hints(call, include_extras=True)
    return {
        name: parameter.replace(annotation=hints.get(name, parameter.annotation))
        for name, parameter in inspect.signature(call).parameters.items()
    }
