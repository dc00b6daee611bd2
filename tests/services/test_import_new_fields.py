"""Fields that an import makes of columns by itself: the types that it takes them for hold all of their cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crmcli.domain.entities import CONTACT
from crmcli.errors import ConflictError, UsageError
from crmcli.services import history, imports, records
from tests.support.importing import rows

if TYPE_CHECKING:
    from crmcli.context import Context


def people(title: str, cells: tuple[str, ...]) -> str:
    return f"Name,E-mail,{title}\n" + "".join(f'P {n},p{n}@x.example,"{cell}"\n' for n, cell in enumerate(cells))


@pytest.mark.parametrize(
    ("cells", "type_"),
    [
        (("52.520006599999997", "13.404954"), "text"),
        (("12-34-56", "20-45-77"), "text"),
        (("12345678901234567890", "12345678901234567891"), "text"),
        (("1.10", "1.9", "1.11"), "text"),
        (("1.50", "12.25"), "number"),
        (("1.5", "12.25"), "number"),
        (("1,234.50", "12.25"), "number"),
        (("2026-01-02T10:00:00Z", "2026-02-03T11:30:00+02:00"), "instant"),
        (("2026-01-02 10:00", "2026-02-03 11:30"), "instant"),
        (("2026-01-02 00:00:00", "2026-02-03 00:00:00"), "date"),
        (("2026.03.09", "2026.03.21"), "date"),
        (("13.02.2026", "14.02.26"), "date"),
        (("2026-13-45", "2026-14-01"), "text"),
        (("+491701234561", "+491701234562"), "phone"),
        (("+5", "-3"), "integer"),
    ],
)
def test_a_type_that_is_guessed_takes_every_cell(book: Context, put: Any, cells: tuple[str, ...], type_: str) -> None:
    made = imports.planned(book, put(people("Seit", cells)), kind=CONTACT, every=True)
    assert [(one.name, one.type) for one in made.new_fields] == [("seit", type_)]
    done = imports.run(book, made)
    assert (done.new, done.refused) == (len(cells), 0)
    assert all(row["seit"] is not None for row in rows(book, CONTACT))
    if type_ == "text":
        assert [row["seit"] for row in rows(book, CONTACT)] == list(cells)


def test_a_type_that_was_said_stays(book: Context, put: Any) -> None:
    path = put(people("Seit", ("12-34-56", "20-45-77")))
    made = imports.planned(book, path, kind=CONTACT, mapping={"Seit": "+seit:date"}, every=True, column_dates={})
    assert [(one.name, one.type) for one in made.new_fields] == [("seit", "date")]


@pytest.mark.parametrize("mapping", [{"Seit": "+seit:date"}, {"Seit": "+"}, {}])
def test_dates_can_be_said_of_a_column_that_becomes_a_field(book: Context, put: Any, mapping: dict[str, str]) -> None:
    path = put(people("Seit", ("01/02/2020", "03/04/2021")))
    told = {"mapping": mapping, "every": not mapping}
    with pytest.raises(UsageError, match="can be read in two ways"):
        imports.planned(book, path, kind=CONTACT, **told)
    imports.run(book, imports.planned(book, path, kind=CONTACT, column_dates={"Seit": "dmy"}, **told))
    assert [row["seit"] for row in rows(book, CONTACT)] == ["2020-02-01", "2021-04-03"]


def test_dates_are_said_of_columns_of_days_alone(book: Context, put: Any) -> None:
    path = put(people("Seit", ("01/02/2020", "03/04/2021")))
    for every in (False, True):
        with pytest.raises(UsageError, match="'Name' fills no field of days"):
            imports.planned(book, path, kind=CONTACT, every=every, column_dates={"Name": "dmy"}, dates="dmy")
    with pytest.raises(UsageError, match="'Seit' fills no field of days"):
        imports.planned(book, path, kind=CONTACT, column_dates={"Seit": "dmy"})


def test_telephones_are_shown_as_what_they_are(book: Context, put: Any) -> None:
    text = "Name,Phone\nAda,+491701234561\nBob,+491701234562\n"
    made = imports.planned(book, put(text), kind=CONTACT, looking=True)
    assert made.looks[1].guess.type == "phone"


def test_an_undo_names_what_stands_in_its_way_and_not_the_values_of_the_import(ctx: Context, put: Any) -> None:
    done = imports.run(
        ctx, imports.planned(ctx, put(people("Seit", ("2020", "2021", "2022"))), kind=CONTACT, every=True)
    )
    first, *_ = (row["id"] for row in rows(ctx, CONTACT))
    records.edit(ctx, CONTACT, [first], {"job_title": "CEO"})
    edited = ctx.batch
    with pytest.raises(ConflictError) as error:
        history.undo(ctx, done.batch)
    (line,) = error.value.message.splitlines()[1:]
    assert line.startswith(f"  contact:{first} P 0: Job title changed later (batch {edited}")
    later = records.add(ctx, CONTACT, {"name": "Ada", "seit": "2023"}).batch
    with pytest.raises(ConflictError) as error:
        history.undo(ctx, done.batch)
    assert error.value.message.splitlines()[1:] == [line, "  custom_field:1 seit: 1 contact has a value of it"]
    history.undo(ctx, edited)
    history.undo(ctx, later)
    history.undo(ctx, done.batch)
    assert rows(ctx, CONTACT) == []
