"""How the words behind a command are taken: what is an option and what is none, and how often it may be given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

#: How a day begins that is counted back: -2wd. No option is called so.
_BACK = re.compile(r"-\d+ ?[^\W\d_]")


def careful(parser: Any, *, last_counts: Container[Any], lenient: bool) -> Any:
    """A parser of Typer's that takes days which are counted back as words, and no option with one value twice, but for
    those of which the last one counts. `lenient`: somebody is still typing, and nothing is refused."""
    take, parse = parser._process_opts, parser.parse_args

    def unless_a_day(word: str, state: Any) -> None:
        if _BACK.match(word):
            state.largs.append(word)
        else:
            take(word, state)

    def once(args: list[str]) -> Any:
        found = parse(args)
        if not lenient:
            _check_once([param for param in found[2] if param not in last_counts])
        return found

    parser._process_opts, parser.parse_args = unless_a_day, once
    return parser


def _check_once(given: Sequence[Any]) -> None:
    """Raises UsageError for an option that takes one value and has several: which one was meant, nobody knows."""
    seen: set[str] = set()
    for param in given:
        if param.param_type_name == "option" and not (param.is_flag or param.multiple):
            if param.name in seen:
                name = max(param.opts, key=len)
                raise UsageError(f"{name} is given twice, and takes one value", f"leave one {name} out")
            seen.add(param.name)
