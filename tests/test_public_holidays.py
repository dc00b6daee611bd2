"""The days of a country that are not worked, the file that keeps them, and what is said where they cannot be known."""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import holidays
import pytest

from crmcli import config, public_holidays
from crmcli.config import Settings
from crmcli.errors import CrmError, FieldError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.domain.workdays import Workdays


def calendar_of(monkeypatch: pytest.MonkeyPatch, place: str, week: str = "") -> Workdays:
    """The working days of a country, in a week of its own or in that one."""
    monkeypatch.setenv("CRM_HOLIDAYS", place)
    monkeypatch.setenv("CRM_WORKDAYS", week)
    return public_holidays.workdays(Settings())


def cache() -> Path:
    return Path(config.cache_dir()) / "holidays.txt"


@pytest.fixture
def unloadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is there, and whoever loads it fails: what is known must do."""
    monkeypatch.setitem(sys.modules, "holidays.registry", None)


@pytest.mark.parametrize(
    ("place", "week", "start", "count", "found"),
    [
        ("DE", "", "2026-12-23", 1, "2026-12-24"),
        ("DE", "", "2026-12-24", 1, "2026-12-28"),  # Christmas on Friday and Saturday
        ("DE", "", "2026-12-31", 1, "2027-01-04"),  # New Year on a Friday
        ("DE", "", "2027-01-04", -1, "2026-12-31"),
        ("DE", "", "2026-01-01", 0, "2026-01-02"),
        ("DE", "", "2028-02-28", 1, "2028-02-29"),
        ("DE", "", "2027-01-05", 1, "2027-01-06"),
        ("DE-BY", "", "2027-01-05", 1, "2027-01-07"),  # Epiphany
        ("de-by", "", "2027-01-05", 1, "2027-01-07"),
        ("DE-Bayern", "", "2027-01-05", 1, "2027-01-07"),
        ("DE-augsburg", "", "2028-08-07", 1, "2028-08-09"),  # the Peace Festival, in one town
        ("DE-BY", "", "2028-08-07", 1, "2028-08-08"),
        ("IR", "", "2026-11-26", 1, "2026-11-28"),  # from a Thursday over Friday
        ("IR", "", "2027-03-18", 1, "2027-03-25"),  # Nowruz, from 29 Esfand on
        ("IR", "sat-wed", "2026-11-25", 1, "2026-11-28"),
        ("IR", "sat-wed", "2027-03-17", 1, "2027-03-27"),
        ("AE", "", "2021-11-25", 1, "2021-11-28"),  # a Thursday, when the weekend was Friday and Saturday
        ("AE", "", "2022-11-24", 1, "2022-11-25"),  # since 2022 it is Saturday and Sunday
        ("IL", "", "2026-11-26", 1, "2026-11-29"),
        ("CN", "", "2025-01-25", 1, "2025-01-26"),  # a Sunday that is worked for the Spring Festival
        ("CN", "mon-fri", "2025-01-25", 1, "2025-01-27"),  # who says which days of the week means them
        ("US", "", "2026-07-02", 1, "2026-07-06"),  # the Fourth is a Saturday, and made up for on Friday
        ("GB-SCT", "", "2027-01-01", 1, "2027-01-05"),
        ("GB-ENG", "", "2027-01-01", 1, "2027-01-04"),
        ("", "", "2026-12-24", 1, "2026-12-25"),
        ("", "sun-thu", "2026-12-24", 1, "2026-12-27"),
    ],
)
def test_known_answers(
    place: str, week: str, start: str, count: int, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = calendar_of(monkeypatch, place, week)
    assert calendar.shift(date.fromisoformat(start), count) == date.fromisoformat(found)


@pytest.mark.parametrize(
    ("place", "kind", "day"),
    [("DK", "optional", "2026-12-24"), ("LU", "bank", "2026-12-24"), ("SE", "de_facto", "2026-06-19")],
)
def test_holidays_that_are_not_public_are_worked(
    place: str, kind: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert day in holidays.country_holidays(place, categories=(kind,))
    assert calendar_of(monkeypatch, place).is_workday(date.fromisoformat(day))


@pytest.mark.parametrize("place", ["DE", "IR", "CN", "AE", "US", "JP"])
def test_a_year_is_that_of_the_library(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = holidays.country_holidays(place)
    ours = calendar_of(monkeypatch, place)
    for number in range(3 * 365):
        day = date(2024, 1, 1) + timedelta(days=number)
        assert ours.is_workday(day) == theirs.is_working_day(day), day


def test_what_is_known_is_kept_and_the_library_left_alone(monkeypatch: pytest.MonkeyPatch, unloadable: None) -> None:
    with monkeypatch.context() as loading:
        loading.delitem(sys.modules, "holidays.registry")
        assert not calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
        assert not calendar_of(monkeypatch, "IR").is_workday(date(2026, 11, 27))
    assert stat.S_IMODE(cache().stat().st_mode) == 0o600
    assert [path.name for path in cache().parent.iterdir()] == [cache().name]
    # The years around come along, and of both countries what was known stays.
    assert not calendar_of(monkeypatch, "de").is_workday(date(2028, 12, 25))
    assert not calendar_of(monkeypatch, "IR", "mon-sun").is_workday(date(2027, 3, 21))
    for place, year in (("DE", 2035), ("FR", 2026)):
        with pytest.raises(CrmError, match="the library holidays cannot be loaded") as refused:
            calendar_of(monkeypatch, place).is_workday(date(year, 12, 25))
        assert "pip install 'holidays>=" in refused.value.hint


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:0],
        lambda text: text[:-1],
        lambda text: text[:-100] + "\n",
        lambda text: text.replace("w", "x", 1),
        lambda text: text.replace("\tw", "\tww", 1).replace("\th", "\thh", 1),
        lambda text: text.replace("\t2028\t", "\t2027\t"),
        lambda text: text + "more\n",
        lambda text: text.replace("holidays 1 ", "holidays 2 ", 1),
        lambda text: text.replace("holidays 1 ", "holidays 1 9", 1),
        lambda text: "\udcff" + text,
    ],
)  # fmt: skip
def test_a_file_that_is_not_as_it_was_written_is_made_anew(
    spoil: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    written = cache().read_bytes()
    spoilt = spoil(written.decode()).encode(errors="surrogateescape")
    assert spoilt != written
    cache().write_bytes(spoilt)
    assert not calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    assert cache().read_bytes() == written


def test_days_of_another_version_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer library knows better: what the older one said is not asked any more."""
    calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    text = cache().read_text()
    head, _, lines = text.partition("\n")
    assert head.split()[-1] == holidays.__version__
    cache().write_text(f"{head}9\n{lines.replace('h', 'w')}")
    assert not calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    assert cache().read_text() == text
    cache().write_text(f"{head}\n{lines.replace('h', 'w')}")  # so the file is read at all
    assert calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))


def test_a_version_that_cannot_be_told_without_loading_is_kept_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda _folder: [])
    assert not calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    assert not cache().exists()


def test_a_folder_that_takes_no_files_is_done_without(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    isolated.mkdir(exist_ok=True)
    (isolated / "cache").write_text("a file where the folder should be")
    assert not calendar_of(monkeypatch, "DE").is_workday(date(2026, 12, 25))
    assert calendar_of(monkeypatch, "DE").shift(date(2026, 12, 24), 1) == date(2026, 12, 28)


@pytest.mark.parametrize(
    ("place", "complaint", "hint"),
    [
        ("germany", "no holidays of a country 'germany'", "did you mean DE (Germany)?"),
        ("DEU", "no holidays of a country 'DEU'", "did you mean DE (Germany)?"),
        ("UK", "no holidays of a country 'UK'", "did you mean GB (United Kingdom)?"),
        ("Irn", "no holidays of a country 'Irn'", "did you mean IR (Iran)?"),
        ("QQ", "no holidays of a country 'QQ'", "ISO 3166"),
        ("DE-BAY", "DE has no subdivision 'BAY'", "did you mean DE-BY?"),
        ("DE-QQ", "DE has no subdivision 'QQ'", "it has Augsburg, BB, BE"),
        ("DE-", "DE has no subdivision ''", "it has Augsburg, BB, BE"),
        ("IR-07", "IR has no subdivision '07'", "it has none: write IR"),
    ],
)
def test_a_place_that_is_not_known_is_refused_with_a_near_one(
    place: str, complaint: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError) as refused:
        calendar_of(monkeypatch, place).is_workday(date(2026, 12, 25))
    assert refused.value.message.startswith("CRM_HOLIDAYS: ")
    assert complaint in refused.value.message
    assert hint in refused.value.hint
    with pytest.raises(UsageError) as refused:
        public_holidays.check(place)
    assert complaint in refused.value.message


def test_years_that_nobody_knows_the_holidays_of_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    calendar = calendar_of(monkeypatch, "DE")
    assert calendar.shift(date(2100, 12, 30), 1) == date(2100, 12, 31)
    with pytest.raises(FieldError, match="the public holidays of DE are not known for 2101") as refused:
        calendar.shift(date(2100, 12, 31), 1)
    assert "crm config unset holidays" in refused.value.hint
    with pytest.raises(FieldError, match="not known for 1990"):
        calendar.shift(date(1991, 1, 2), -1)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("year", [2026, 2034])
def test_years_that_are_known_in_part_are_no_better(year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library has the Hindu holidays of India up to 2035, and warns of what it gives for other years."""
    assert not calendar_of(monkeypatch, "IN").is_workday(date(year, 1, 26))
    with pytest.raises(FieldError, match="the public holidays of IN are not known for 2036"):
        calendar_of(monkeypatch, "IN").is_workday(date(2036, 1, 28))


def test_nothing_is_asked_before_a_working_day_is(monkeypatch: pytest.MonkeyPatch, unloadable: None) -> None:
    calendar_of(monkeypatch, "nowhere", "no week")
    assert not cache().exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda patch: patch.setitem(sys.modules, "holidays", None), "public holidays need the library holidays"),
        (
            lambda patch: patch.setitem(sys.modules, "holidays.registry", None),
            "the library holidays cannot be loaded: import of holidays.registry halted; None in sys.modules",
        ),
        (
            lambda patch: patch.setattr("holidays.version.__version__", "0.108"),
            "the library holidays 0.108 is too old for this program",
        ),
    ],
)
def test_a_library_that_is_missing_or_unfit_is_told_with_what_to_install(
    spoil: Callable[[pytest.MonkeyPatch], None], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = calendar_of(monkeypatch, "DE", "mon-fri")
    spoil(monkeypatch)
    for ask in (lambda: calendar.shift(date(2026, 12, 24), 1), lambda: public_holidays.check("DE")):
        with pytest.raises(CrmError) as refused:
            ask()
        assert (refused.value.message, refused.value.hint) == (said, public_holidays.LIBRARY_HINT)
        assert refused.value.code == 1


def test_the_bound_is_that_of_the_extra() -> None:
    with (Path(__file__).parents[1] / "pyproject.toml").open("rb") as file:
        extra = tomllib.load(file)["project"]["optional-dependencies"]["holidays"]
    assert extra == [f"holidays>={'.'.join(map(str, public_holidays.LIBRARY))},<1"]
    assert f"'{extra[0]}'" in public_holidays.LIBRARY_HINT


def test_holidays_have_english_names_whatever_the_machine_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    monkeypatch.setenv("CRM_HOLIDAYS", "DE-BY")
    names = public_holidays.names(Settings(), [2026, 2027])
    assert names[date(2026, 12, 26)] == "Second Day of Christmas"
    assert names[date(2027, 1, 6)] == "Epiphany"
    assert {day.year for day in names} == {2026, 2027}
    monkeypatch.setenv("CRM_HOLIDAYS", "IR")
    assert "Nowruz" in public_holidays.names(Settings(), [2026])[date(2026, 3, 21)]
    monkeypatch.setenv("CRM_HOLIDAYS", "")
    assert public_holidays.names(Settings(), [2026]) == {}


def test_names_are_kept_and_the_library_left_alone(monkeypatch: pytest.MonkeyPatch, unloadable: None) -> None:
    monkeypatch.setenv("CRM_HOLIDAYS", "de")
    with monkeypatch.context() as loading:
        loading.delitem(sys.modules, "holidays.registry")
        first = public_holidays.names(Settings(), [2026])
    kept = Path(config.cache_dir()) / "holiday_names.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert public_holidays.names(Settings(), [2026]) == first
    assert public_holidays.names(Settings(), [2028])[date(2028, 12, 25)] == "Christmas Day"
    written = kept.read_text()
    for spoilt in (written[:-1], written.replace("2026-12-25", "2026-13-25"), written.replace("names 1", "names 2")):
        kept.write_text(spoilt)
        with pytest.raises(CrmError, match="the library holidays cannot be loaded"):
            public_holidays.names(Settings(), [2026])


def test_years_without_known_holidays_have_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_HOLIDAYS", "DE")
    assert public_holidays.names(Settings(), [2101]) == {}
    monkeypatch.setenv("CRM_HOLIDAYS", "IN")
    assert public_holidays.names(Settings(), [2036]) == {}
    monkeypatch.setenv("CRM_HOLIDAYS", "germany")
    with pytest.raises(UsageError, match="CRM_HOLIDAYS: there are no holidays of a country"):
        public_holidays.names(Settings(), [2026])
