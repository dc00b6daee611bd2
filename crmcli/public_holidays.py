"""The working days that the settings ask for: a week, and the public holidays of a country from the library `holidays`.

That takes a while to load. So what it says of a year is kept in a file of the cache folder, and it is loaded for years
that the file does not have; a file that cannot be read, or that another version of the library wrote, is made anew.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from crmcli.config import cache_dir, make_folder, replace
from crmcli.domain.struct import Struct
from crmcli.domain.text import fold
from crmcli.domain.workdays import USUAL_WEEK, Workdays, by_week, days_in, read_week
from crmcli.errors import CrmError, FieldError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crmcli.config import Settings

#: What a day of a year is in its country.
WORKED, WEEKEND, HOLIDAY = "w", ".", "h"
#: One character for each day of a year.
Marks = str
#: The oldest library that works, as in the extra `holidays` of pyproject.toml.
LIBRARY = (0, 109)
LIBRARY_HINT = (
    f"into the environment of crm: pip install 'holidays>={LIBRARY[0]}.{LIBRARY[1]},<1';"
    " 'crm config unset holidays' does without"
)
#: How a file begins that has these marks; the version of the library follows.
_HEAD = "crm holidays 1 "
_LINE = rf"([^\t]+)\t(\d{{4}})\t([{WORKED}{WEEKEND}{HOLIDAY}]{{365,366}})"
#: The languages of the library that holidays are called in, rather than in that of their country or the machine.
ENGLISH = ("en_US", "en_GB")
#: How the file begins that has the names of holidays, which are wanted less often, and one of its lines.
_NAMES_HEAD = "crm holiday names 1 "
_NAMES_LINE = r"([^\t]+)\t(\d{4})((?:\t\d{4}-\d\d-\d\d [^\t]+)*)"
#: Years that are worked out together, seen from the one that is asked for.
_AROUND = range(-1, 3)


def workdays(settings: Settings) -> Workdays:
    """The days that these settings call working days. Settings, file and library are looked at when a day is first
    asked for; then UsageError is raised for what they do not know, CrmError where the library is missing, and
    FieldError for years that it knows no holidays of."""
    return Workdays(_Years(settings))


def names(settings: Settings, years: Iterable[int]) -> dict[date, str]:
    """The names of the public holidays of these years, English ones where the library has them; none where the settings
    name no country, and of years that they are not known for. Raises UsageError and CrmError as `workdays` does."""
    place = " ".join(str(settings["holidays"]).upper().split())
    if not place:
        return {}
    version = _version()
    known = _read_names(version)
    missing = [year for year in years if (place, year) not in known]
    if missing:
        try:
            of = _place(str(settings["holidays"]))
        except UsageError as error:
            raise settings.refused("holidays", error) from None
        for year in {year + step for year in missing for step in _AROUND}:
            known[place, year] = _named(of, year)
        _write_names(version, known)
    return {day: name for year in years for day, name in known[place, year].items()}


def check(place: str) -> None:
    """Refuse what is no country, or subdivision of one, that holidays are known of. Raises what `workdays` raises."""
    _version()
    _place(place)


class _Years:
    """The flags of a year, as `Workdays` asks for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[tuple[str, int], Marks] | None = None

    def __call__(self, year: int) -> bytes:
        week, place = str(self._settings["workdays"]), str(self._settings["holidays"])
        if not place:
            return by_week(read_week(week or USUAL_WEEK), year)
        marks = self._marks(place, year)
        if not week:  # the country's own weekend, and Saturdays that it has worked for a bridge day
            return bytes(mark == WORKED for mark in marks)
        by = by_week(read_week(week), year)
        return bytes(flag and mark != HOLIDAY for flag, mark in zip(by, marks, strict=True))

    def _marks(self, place: str, year: int) -> Marks:
        version = _version()
        if self._known is None:
            self._known = _read(version)
        key = " ".join(place.upper().split())
        if (key, year) not in self._known:
            try:
                of = _place(place)
            except UsageError as error:
                raise self._settings.refused("holidays", error) from None
            self._known |= {(key, each): marks for each, marks in _worked_out(of, year).items()}
            _write(version, self._known)
        return self._known[key, year]


def _version() -> str:
    """The version of the library, told without loading it; "" where that cannot be. Raises CrmError where there is no
    library."""
    from importlib.util import find_spec

    spec = find_spec("holidays")
    if spec is None or spec.origin is None:
        raise CrmError("public holidays need the library holidays", LIBRARY_HINT)
    found = []
    with contextlib.suppress(OSError):
        names = os.listdir(os.path.dirname(os.path.dirname(spec.origin)))
        found = [match[1] for name in names if (match := re.fullmatch(r"holidays-([^-]+)\.(?:dist|egg)-info", name))]
    return found[0] if len(found) == 1 else ""


# --- the file ---


def _path() -> str:
    return os.path.join(cache_dir(), "holidays.txt")


def _read(version: str) -> dict[tuple[str, int], Marks]:
    """What the file has of this version of the library: nothing, where any of it is not as it was written."""
    try:
        with open(_path(), encoding="utf-8") as file:
            head, *lines = file.read().split("\n")
    except (OSError, ValueError):
        return {}
    if head != _HEAD + version or lines[-1:] != [""]:
        return {}
    found = [re.fullmatch(_LINE, line) for line in lines[:-1]]
    years = {(match[1], int(match[2])): match[3] for match in found if match}
    whole = len(years) == len(found) and all(len(marks) == days_in(year) for (_, year), marks in years.items())
    return years if whole else {}


def _write(version: str, years: Mapping[tuple[str, int], Marks]) -> None:
    """Keep what is known. Where that cannot be, it is worked out anew the next time."""
    if version:
        lines = "".join(f"{place}\t{year}\t{marks}\n" for (place, year), marks in sorted(years.items()))
        with contextlib.suppress(CrmError):
            make_folder(cache_dir(), "public holidays")
            replace(_path(), f"{_HEAD}{version}\n{lines}".encode())


def _names_path() -> str:
    return os.path.join(cache_dir(), "holiday_names.txt")


def _read_names(version: str) -> dict[tuple[str, int], dict[date, str]]:
    """The names that the file has of this version of the library; none where any line is not as it was written."""
    try:
        with open(_names_path(), encoding="utf-8") as file:
            head, *lines = file.read().split("\n")
        found = [re.fullmatch(_NAMES_LINE, line) for line in lines[:-1]]
        if head != _NAMES_HEAD + version or lines[-1:] != [""] or not all(found):
            return {}
        return {
            (match[1], int(match[2])): {date.fromisoformat(day[:10]): day[11:] for day in match[3].split("\t")[1:]}
            for match in found
            if match
        }
    except (OSError, ValueError):
        return {}


def _write_names(version: str, years: Mapping[tuple[str, int], Mapping[date, str]]) -> None:
    """Keep the names, as `_write` keeps the days."""
    if version:
        lines = [
            "\t".join([place, str(year), *(f"{day} {' '.join(name.split())}" for day, name in sorted(found.items()))])
            for (place, year), found in sorted(years.items())
        ]
        with contextlib.suppress(CrmError):
            make_folder(cache_dir(), "public holidays")
            replace(_names_path(), "\n".join([_NAMES_HEAD + version, *lines, ""]).encode())


# --- the library ---


class _Place(Struct):
    """An ISO code, what the library has of that country, and the subdivision as it calls it, None for all of it."""

    country: str
    entity: Any
    subdivision: str | None = None


def _place(text: str) -> _Place:
    """What the library has under DE or DE-BY. Raises UsageError with a near name, CrmError where it does not load."""
    try:
        import holidays
        from holidays.registry import COUNTRIES
        from holidays.version import __version__ as version
    except ImportError as error:  # it is there, and something that it needs is not
        raise CrmError(f"the library holidays cannot be loaded: {error}", LIBRARY_HINT) from None
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < LIBRARY:
        raise CrmError(f"the library holidays {version} is too old for this program", LIBRARY_HINT)
    word, dash, part = text.partition("-")
    labels: dict[str, str] = {}
    for name, (_, own, *others) in COUNTRIES.items():
        title = name.replace("_", " ")
        labels |= {fold(each): f"{own} ({title.title()})" for each in (title, own, *others)}
    country = word.upper()
    if country not in {own for _, own, *_ in COUNTRIES.values()}:
        hint = _near(text, labels) or "use an ISO 3166 code such as DE, or with a subdivision DE-BY"
        raise UsageError(f"there are no holidays of a country '{text}'", hint)
    entity = getattr(holidays, country)
    if not dash:
        return _Place(country, entity)
    parts = {fold(name): own for name, own in entity.subdivisions_aliases.items()}
    parts |= {fold(own): own for own in entity.subdivisions}
    if fold(part) not in parts:
        near = _near(part, {name: f"{country}-{own}" for name, own in parts.items()})
        listed = f"it has {', '.join(sorted(entity.subdivisions))}" if parts else f"it has none: write {country}"
        hint = f"{near}; {listed}" if near else listed
        raise UsageError(f"{country} has no subdivision '{part}' with holidays of its own", hint)
    return _Place(country, entity, parts[fold(part)])


def _near(word: str, labels: Mapping[str, str]) -> str:
    """'did you mean X?', where one of the folded names begins with the word or is close to it."""
    word = fold(word)
    longer = [name for name in labels if len(word) > 2 and name.startswith(word)]
    close = longer or get_close_matches(word, labels, n=1, cutoff=0.6)
    return f"did you mean {labels[close[0]]}?" if close else ""


def _worked_out(of: _Place, year: int) -> dict[int, Marks]:
    """The year and those around it that the library knows all public holidays of."""
    known = range(of.entity.start_year, of.entity.end_year + 1)
    found = {each: marks for step in _AROUND if (each := year + step) in known and (marks := _marked(of, each))}
    if year not in found:
        raise FieldError(
            f"the public holidays of {of.country} are not known for {year}",
            hint="'crm config unset holidays' counts without them",
        )
    return found


def _listed(of: _Place, year: int, language: str | None = None) -> Any:
    """The library's calendar of a year, None where it warns that it knows it in part. Only public holidays count, and
    the days on which one is made up for are such."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            return of.entity(years=year, expand=False, subdiv=of.subdivision, categories=("public",), language=language)
        except UserWarning:
            return None


def _named(of: _Place, year: int) -> dict[date, str]:
    """The public holidays of a year, none of one that is not known."""
    language = next((name for name in ENGLISH if name in of.entity.supported_languages), of.entity.default_language)
    found = _listed(of, year, language) if of.entity.start_year <= year <= of.entity.end_year else None
    return {} if found is None else {day: name for day, name in found.items() if day.year == year}


def _marked(of: _Place, year: int) -> Marks:
    """The days of a year, "" where they are known in part."""
    found = _listed(of, year)
    if found is None:
        return ""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(days_in(year))]
    return "".join(WORKED if found.is_working_day(day) else HOLIDAY if day in found else WEEKEND for day in days)
