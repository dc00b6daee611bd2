"""What commands say of themselves: plain help, its options, verbs and nouns, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERYWHERE = "Also: -o FORMAT, --json, -y, --dry-run, -q and others: see 'crm --help'"


class Helped:
    """Plain help that keeps to the screen's width; the epilog (examples) is shown line by line as it was written."""

    epilog: str | None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        if self.epilog:
            formatter.write_paragraph()
            for line in self.epilog.strip("\n").splitlines():
                formatter.write(f"{line}\n")


def write_options(command: Any, ctx: Any, formatter: Any, aside: Sequence[Any] = ()) -> None:
    """Arguments and options but for those `aside`, such as the ones that every command takes."""
    own = [param for param in command.get_params(ctx) if param not in aside]
    for title, kind in (("Arguments", "argument"), ("Options", "option")):
        records = [param.get_help_record(ctx) for param in own if param.param_type_name == kind]
        records = [record for record in records if record]
        if records:
            with formatter.section(title):
                formatter.write_dl(records, col_max=26)


def write_verbs(formatter: Any, path: str, verbs: Sequence[tuple[str, str]], nouns: Sequence[tuple[str, str]]) -> None:
    """What stands behind a group, with what each says of itself; `path` are the words before."""
    for title, some in (("Verbs", verbs), ("Nouns", nouns)):
        if some:
            with formatter.section(title):
                formatter.write_dl(some)
    formatter.write_paragraph()
    formatter.write(f"'{path} VERB --help' has options and examples.\n")
