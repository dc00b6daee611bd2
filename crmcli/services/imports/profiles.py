"""Profiles: small TOML files that say how another program's export is to be taken, recognised by its column titles.

A profile only names things: titles, fields, words for values. It adds what the general recognition of titles
(`mapping`, `headings`) does not know, so it lists no title that is understood anyway.
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import crmcli
from crmcli.config import config_dir
from crmcli.domain.fields import suggest
from crmcli.domain.text import clip, fold, visible
from crmcli.errors import CrmError, NotFoundError, UsageError
from crmcli.services.imports.by_hand import field_of, place_of
from crmcli.services.imports.headings import said_kind
from crmcli.services.imports.mapping import Mapped, map_columns
from crmcli.services.imports.our_own import own_kind
from crmcli.services.imports.profile_checks import Checked, checked
from crmcli.services.imports.recognising import addressed
from crmcli.services.imports.roles import ACTIVE, FOREIGN, IS_CLOSED, IS_DONE, IS_WON, KIND_OF_ROW, KINDS
from crmcli.services.imports.titles import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crmcli.domain.fields import Entity

#: Below this confidence a profile is not used.
THRESHOLD = 0.6
#: How much of the confidence the titles that a file has beside the profile's own can take away.
_BESIDE = 0.3
#: What `--profile` takes for: no profile at all.
NONE = "none"
BUILT_IN = "built-in"
#: So many titles are named where a file lacks what a profile says.
_MOST_TOLD = 10
#: What JSON has in a list is no column of a table, however alike the two are called.
_MEMBER = re.compile(r"\.\d+\.")
#: Roles that one column has: of several titles for one of these the first in the profile that the file has counts.
_ONCE = frozenset((IS_WON, IS_CLOSED, ACTIVE, IS_DONE))
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LARGEST = 1_000_000
#: Above the columns of a preview that have what the profile sets for every row, and where the file's own are empty.
ALWAYS, ELSE = "(every row)", "(rows without it)"


class Profile(NamedTuple):
    """A profile that has been read and checked. `origin` is BUILT_IN or the path of its file; `text` is its TOML."""

    name: str
    origin: str
    text: str
    said: Checked

    @property
    def title(self) -> str:
        return self.said.title or self.name

    @property
    def kind(self) -> Entity | None:
        return next((kind for kind in KINDS if kind.name == self.said.kind), None)

    @property
    def called(self) -> str:
        """What `--profile` takes for it."""
        own = self.origin in (BUILT_IN, own_path(self.name))
        return self.name if own else self.origin

    @property
    def displaces(self) -> bool:
        """Whether it is one's own and in place of a built-in one of its name."""
        return is_built_in(self.name) and self.origin == own_path(self.name)

    def lacking(self, header: Sequence[str]) -> Iterator[str]:
        """Notes of what one's own profile says of columns that a file has not; a built-in one names those of many
        languages and ages."""
        titles = [title for title in self.said.columns if place_of(header, title) is None]
        if self.origin == BUILT_IN or self.displaces:
            return
        if titles:
            yield f"profile {self.called}: [columns] names what the file has not: {', '.join(titles[:_MOST_TOLD])}"
        if self.said.id and not self.id_of(header):
            yield f"profile {self.called}: the file has no column {' or '.join(self.said.id[:_MOST_TOLD])} of ids"

    def contradicted(self, header: Sequence[str], samples: Sequence[str]) -> bool:
        """Whether a column that says of each row what it is has another kind in the first one."""
        said = {squeeze(title) for title, to in self.said.columns.items() if to == KIND_OF_ROW}
        rows = zip(header, samples, strict=False)
        return any((of := said_kind(cell)) and of != self.said.kind for title, cell in rows if squeeze(title) in said)

    def given(self, header: Sequence[str], by_hand: Mapping[str, str]) -> dict[str, str]:
        """The mapping of a file's columns, title -> field, with what was said by hand before what the profile says."""
        said = {squeeze(title): to for title, to in self.said.columns.items()}
        own = {squeeze(header[place]) for title in by_hand if (place := place_of(header, title)) is not None}
        said |= {squeeze(header[place]): said[squeeze(title)] for title, place in self._joined(header, said)}
        found = {title: said[key] for title in header if (key := squeeze(title)) in said and key not in own}
        for role in _ONCE.intersection(found.values()):
            keys = {squeeze(title): title for title, to in found.items() if to == role}
            first = next(key for key in said if key in keys)
            found.update({title: "" for key, title in keys.items() if key != first})
        for title, again in addressed(header).items():
            if title in found and again not in found and squeeze(again) not in own:
                found[again], found[title] = found[title], ""
        return found | dict(by_hand)

    def _joined(self, header: Sequence[str], said: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        """The titles that are joined names of JSON keys, `owner.name` for the column `owner`, and the places of their
        columns, of which the profile says nothing by their own titles."""
        for title in self.said.columns:
            place = place_of(header, title) if "." in title else None
            if place is not None and squeeze(header[place]) not in said:
                yield title, place

    def id_of(self, header: Sequence[str]) -> str:
        """The title of the column with the other program's ids; "" where the file has none."""
        return next((header[place] for title in self.said.id if (place := place_of(header, title)) is not None), "")

    def settled(self, columns: tuple[Mapped, ...], sets: bool = True) -> tuple[Mapped, ...]:
        """The columns with the words, prefixes and fixed values of the profile: a value is fixed for every row,
        or where columns of the file fill its field for the rows in which these are empty."""
        values = {field: {fold(word): to for word, to in words.items()} for field, words in self.said.values.items()}
        found = []
        for column in columns:
            names = [*column.to, *(["stage"] if "status" in column.to else [])]  # what is called status may be a stage
            words = {word: to for name in reversed(names) for word, to in values.get(name, {}).items()}
            ids = self.said.prefix if {"external_id", *FOREIGN}.intersection(column.to) else ""
            found.append(column._replace(values=tuple(words.items()), prefix=ids) if words or ids else column)
        filled = {to for column in columns for to in column.to}
        place = len(columns)
        for field, text in self.said.set.items() if sets else ():
            found.append(Mapped(place, ELSE if field in filled else ALWAYS, (field,), text, fixed=text))
            place += 1
        return tuple(found)


class Fit(NamedTuple):
    """A profile for a file, and how sure that is: `confidence` from 0 to 1, or `forced` by name; `tied` are others that
    fit as well."""

    profile: Profile
    confidence: float
    forced: bool = False
    tied: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        also = f"; as sure: {', '.join(self.tied)} (--profile takes one)" if self.tied else ""
        how = "asked for, " if self.forced else ""
        how += "your own in place of the built-in one, " if self.profile.displaces else ""
        return f"profile: {self.profile.title} ({self.profile.called}), {how}confidence {self.percent} %{also}"

    @property
    def percent(self) -> int:
        return round(self.confidence * 100)

    @property
    def values(self) -> dict[str, Any]:
        """For machines."""
        return {"name": self.profile.called, "title": self.profile.title, "confidence": round(self.confidence, 2),
                "asked": self.forced, "tied": list(self.tied)}  # fmt: skip


class Choice(NamedTuple):
    """Which profile a file is read with, None for none, and what is to be said about it."""

    fit: Fit | None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Entity | None:
        return self.fit.profile.kind if self.fit else None

    @property
    def refusal(self) -> str:
        """Why a file of this profile is not taken; "" where it is."""
        return self.fit.profile.said.refuse if self.fit else ""


def confidence(profile: Profile, header: Sequence[str], samples: Sequence[str] = ()) -> float:
    """How sure it is that a file with these titles is of a profile, from 0 to 1: a x (0.7 + 0.3 b), a being the share
    of the profile's distinctive titles that the file has and b the share of the file's titles that are understood:
    because the profile names them or because the general recognition knows them."""
    there = {squeeze(title) for title in header if not _MEMBER.search(title)}
    told = profile.said.headers
    if not told or not there:
        return 0.0
    found = sum(any(squeeze(t) in there or ("." in t and place_of(header, t) is not None) for t in ts) for ts in told)
    present = found / len(told)
    if present < THRESHOLD:
        return present * (1 - _BESIDE)
    named = {squeeze(t) for t in (*profile.said.columns, *profile.said.id, *(t for titles in told for t in titles))}
    known = {i for i, title in enumerate(header) if squeeze(title) in named}
    if profile.kind is not None:
        columns, _ = map_columns(profile.kind, header, profile.given(header, {}), samples=samples)
        known |= {column.place for column in columns if column.to}
    return present * (1 - _BESIDE + _BESIDE * len(known) / len(header))


def choose(
    asked: str, header: Sequence[str], kind: Entity | None, by_hand: Mapping[str, str], samples: Sequence[str]
) -> Choice:
    """The profile that is `asked` for (a name or a file, NONE for none), else the one that the titles are surest of:
    one's own before a built-in of the same confidence, then the one with more titles of its own. An export of crm is no
    other program's. Raises UsageError, NotFoundError, CrmError."""
    if asked == NONE:
        return Choice(None)
    if asked:
        profile = find(asked)
        if kind is not None and profile.kind not in (None, kind):
            raise UsageError(
                f"the profile {asked} is of {profile.said.kind}s, and --as says {kind.name}", "leave one away"
            )
        return Choice(Fit(profile, confidence(profile, header, samples), forced=True), tuple(profile.lacking(header)))
    if own_kind(header):
        return Choice(None)
    found, notes = every()
    sure: list[tuple[tuple[float, bool, int], Profile]] = []
    for profile in found:
        if (kind is not None and profile.kind is not kind) or not _takes(profile, by_hand):
            continue
        if kind is None and profile.contradicted(header, samples):
            continue
        sureness = confidence(profile, header, samples)
        if sureness >= THRESHOLD:
            own = profile.origin != BUILT_IN
            sure.append(((round(sureness, 2), own, len(profile.said.headers)), profile))
    if not sure:
        return Choice(None, (*notes, *_displaced(found, header, kind, samples)))
    sure.sort(key=lambda one: (*(-part for part in one[0]), one[1].name))
    rank, best = sure[0]
    tied = tuple(profile.called for other, profile in sure[1:] if other == rank)
    return Choice(Fit(best, rank[0], tied=tied), tuple(notes))


def _displaced(
    found: Sequence[Profile], header: Sequence[str], kind: Entity | None, samples: Sequence[str]
) -> Iterator[str]:
    """A note for each built-in profile that the titles speak of and that one's own of its name is in place of."""
    for own in [one for one in found if one.displaces]:
        other = _built_in()[own.name]
        if kind in (None, other.kind) and confidence(other, header, samples) >= THRESHOLD:
            yield (
                f"the titles speak of the built-in profile {own.name}, which {own.origin} is in place of: call that"
                " one otherwise"
            )


def fitting(asked: Sequence[str], header: Sequence[str], kind: Entity | None) -> list[str]:
    """Those of the profiles `asked` for (names or files) that a file with these titles is of, the surest first. Raises
    UsageError, NotFoundError, CrmError."""
    found = [(name, find(name)) for name in asked]
    sure = [
        (sureness, name)
        for name, profile in found
        if (kind is None or profile.kind in (None, kind)) and (sureness := confidence(profile, header)) >= THRESHOLD
    ]
    return [name for _, name in sorted(sure, key=lambda one: -one[0])]


def _takes(profile: Profile, by_hand: Mapping[str, str]) -> bool:
    """Whether what is mapped by hand are fields of the profile's kind."""
    return profile.kind is None or all(field_of(profile.kind, to) is not None for to in by_hand.values())


# --- where they are ---------------------------------------------------------------------------------------------------


def own_folder() -> str:
    """Where one's own profiles are."""
    return os.path.join(config_dir(), "profiles")


def own_path(name: str) -> str:
    """The file of a profile of one's own. Raises UsageError for what is no name."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"'{name}' is no name for a profile", "use small letters, digits and -, as in our-webshop")
    if name in (NONE, "list", "show", "new", "edit"):
        raise UsageError(f"no profile can be called '{name}'", "choose another name")
    return os.path.join(own_folder(), f"{name}.toml")


def read(path: str, name: str, origin: str) -> Profile:
    """The profile in a file. Raises UsageError with the line of what is wrong, NotFoundError, CrmError."""
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}") from None
    except (OSError, ValueError) as error:
        raise CrmError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > _LARGEST:
        raise UsageError(f"{path} is too large for a profile")
    try:
        text = content.decode("utf-8-sig")
    except ValueError:
        raise UsageError(f"{path} is no profile: it is not UTF-8") from None
    return parse(text, name, origin, path)


def parse(text: str, name: str, origin: str, path: str = "") -> Profile:
    """A profile from its TOML; `path` stands before what is wrong. Raises UsageError with the line."""
    where = path or name
    try:
        tree = tomllib.loads(text.replace("\r\n", "\n"))
    except ValueError as error:
        raise UsageError(f"{where} is no TOML: {visible(clip(str(error), 200))}") from None
    except RecursionError:
        raise UsageError(f"{where} is no profile: it is nested too deeply") from None
    return Profile(name, origin, text, checked(tree, text, where))


@cache
def _built_in() -> dict[str, Profile]:
    folder = os.path.join(os.path.dirname(crmcli.__file__), "profiles")
    names = sorted(name.removesuffix(".toml") for name in os.listdir(folder) if name.endswith(".toml"))
    return {name: read(os.path.join(folder, f"{name}.toml"), name, BUILT_IN) for name in names}


def _own_names() -> Iterator[str]:
    try:
        names = sorted(os.listdir(own_folder()))
    except OSError:
        return
    for file in names:
        name, dot, end = file.rpartition(".")
        if dot and end == "toml" and _NAME.fullmatch(name):
            yield name


def is_built_in(name: str) -> bool:
    """Whether there is a built-in profile of that name."""
    return name in _built_in()


def every() -> tuple[list[Profile], list[str]]:
    """All profiles, one's own in place of built-in ones of the same name, and a line for each that cannot be read."""
    found, bad = dict(_built_in()), []
    for name in _own_names():
        try:
            found[name] = read(own_path(name), name, own_path(name))
        except CrmError as error:
            found.pop(name, None)
            bad.append(f"the profile {name} is not used: {error.message}")
    return list(found.values()), bad


def find(word: str) -> Profile:
    """The profile of that name, or in the file of that path. Raises UsageError, NotFoundError, CrmError."""
    if os.sep in word or word.endswith(".toml"):
        name = os.path.basename(word).removesuffix(".toml")
        return read(word, name, os.path.abspath(word))
    if word in _own_names():
        return read(own_path(word), word, own_path(word))
    if word in _built_in():
        return _built_in()[word]
    known = [*_built_in(), *_own_names()]
    close = suggest(word, known)
    raise NotFoundError(
        f"there is no profile '{word}'",
        "; ".join(filter(None, (close, "'crm import profile list' shows all; a file is ./NAME.toml"))),
    )
