"""The `add` of every kind of record: an option for each field that can be set, those that people added too."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from crmcli.commands.frame import Verb, option, run_of
from crmcli.domain import custom
from crmcli.errors import UsageError
from crmcli.services import records, values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import typer

    from crmcli.domain.fields import Entity
    from crmcli.results import Changed

ASSIGNABLE_SUGAR = {"task": ("on", "due", "needs"), "lead": ("mrr",), "deal": ("mrr",)}


def adding(kind: Entity) -> type[Verb]:
    """The class of a noun's `add`: it has an option for every field that can be set."""

    class Add(Verb):
        def __init__(self, name: str | None, *, params: list[Any] | None = None, **more: Any) -> None:
            super().__init__(name, params=[*(params or ()), *field_options(kind)], **more)

        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            known = {name: param for param in self.params for name in param.opts if name.startswith("-")}
            return super().parse_args(ctx, own_options(ctx, kind, args, known))

    return Add


def own_options(ctx: Any, kind: Entity, args: Sequence[str], known: Mapping[str, Any]) -> list[str]:
    """The arguments with options that name fields of people's own as FIELD=VALUE: `--industry Steel`. The book is asked
    for them where there are options that no field of the program has. Raises UsageError for one without a value."""
    words, rest = list(args), []
    end = words.index("--") if "--" in words else len(words)
    strange = [word.partition("=")[0] for word in words[:end] if word.startswith("--") and word != "--help"]
    if kind.table not in custom.TABLES or ctx.resilient_parsing or all(name in known for name in strange):
        return words
    run_of(ctx).context.learn()
    own = {f"--{field.name.replace('_', '-')}": field.name for field in kind.fields if field.own}
    waiting = iter(words[:end])
    for word in waiting:
        name, mark, value = word.partition("=")
        if name in own and name not in known:
            said = value if mark else next(waiting, None)
            if said is None:
                raise UsageError(f"{name} needs a value", f"as in {name} VALUE, or {own[name]}= to leave it empty")
            rest.append(f"{own[name]}={said}")
            continue
        rest.append(word)
        if name in known and not mark and not known[name].is_flag:  # the next word is its value, whatever it looks like
            rest.extend(islice(waiting, 1))
    return rest + words[end:]


def field_options(kind: Entity) -> list[Any]:
    """An option for each field that can be set: `--close-on`, `--close`; `--tag` may be repeated."""

    def keep(ctx: typer.Context, param: Any, value: Any) -> None:
        if value is None or value == ():
            return
        run_of(ctx).assigned[names[param.name]] = ",".join(value) if isinstance(value, (tuple, list)) else value

    found, names = [], {}
    sugar = ASSIGNABLE_SUGAR.get(kind.name, ())
    for field in kind.core:
        if not field.settable or field.name == "name":
            continue
        words = [field.name, *(a for a in field.aliases if a not in sugar)]
        flags = ["--" + word.replace("_", "-") for word in words]
        many = field.type.family == "tags"
        parameter = f"field_{field.name}"
        names[parameter] = field.name
        options = getattr(field.type, "options", None)
        text = f"{field.help} ({field.type.name})" if field.type.family in ("day", "instant") else field.help
        metavar = "|".join(options) if options and len(options) < 5 else field.type.name.upper().replace(" ", "-")
        if field.type.family in ("ref", "tags") or field.type.name in ("text", "long text"):
            metavar = "TEXT"
        found.append(option(parameter, *flags, help=text, metavar=metavar, multiple=many, keep=keep))
    helps = {
        "on": "The record it is about: lead:12, a name, an e-mail",
        "due": "When: fri, +3d, +3wd (working days), 'fri 14:30', 2026-12-01",
        "mrr": "Monthly recurring revenue",
        "needs": "What must be done before: tasks by number, with commas",
    }
    for word in sugar:
        names[f"field_{word}"] = word
        found.append(
            option(
                f"field_{word}", f"--{word}", help=helps[word], metavar="MONEY" if word == "mrr" else "TEXT", keep=keep
            )
        )
    return found


def add_record(ctx: typer.Context, kind: Entity, words: Sequence[str], note: str = "") -> Changed | None:
    """Add a record from a name, options and FIELD=VALUE words."""
    run = run_of(ctx)
    run.context.learn()
    assigned = dict(run.assigned)
    name: list[str] = []
    for word in words:
        found = records.ASSIGN.match(word)
        if found and (name or values.alias(kind, found[1]) in kind.by_name or found[1] in values.SUGAR):
            records.assign(assigned, found[1], word[found.end() :])
        else:
            name.append(word)
    if name:
        assigned = {"name": " ".join(name), **assigned}
    if run.quiet:
        return records.add(run.context, kind, assigned, note=note)
    from crmcli.services.adding import added

    done, alike = added(run.context, kind, assigned, note=note)
    for line in alike:
        run.context.say(line)
    return done
