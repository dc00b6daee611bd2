"""vCards as the fields of people and organisations and back; what no field holds comes along as lines of its own."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

from crmcli.domain.occasions import written as written_days
from crmcli.domain.text import digits, fold
from crmcli.domain.types import bare_number
from crmcli.exchange.ical import PRODID
from crmcli.exchange.vcard import canonical, write_card
from crmcli.exchange.vcard_days import read_days, with_days
from crmcli.exchange.vcard_lines import BINARY, Fault, Property, escape, is_harmless, parse, pieces, unescape, written
from crmcli.exchange.vcard_slots import ADDRESS, CELL, OF_FIRMS, SLOTS, Slot, Values, moment, one_line, preference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crmcli.exchange.vcard import Card

PERSON = (
    "uid", "external_id", "name", "company", "job_title", "email", "phone", "mobile", "website", *ADDRESS, "birthday",
    "language", "description", "tags", "updated_at", "vcard", "occasions",
)  # fmt: skip
FIRM = (
    "uid", "external_id", "name", "website", "email", "phone", *ADDRESS, "description", "tags", "updated_at", "vcard",
    "occasions",
)  # fmt: skip
MAX_KEPT = 32 * 1024
"""The longest value in characters that is kept with a card, a picture in base64 mostly."""

#: Says of a kept line which field it stands for: its value is the field's as long as nobody changes that.
_MARK = "X-CRM-FIELD"
_OURS = re.compile(r"urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)
#: The record's own UID, in a card that goes by the one that another system gave it.
_OWN_UID = "X-CRM-UID"
#: What a card is made with anew each time.
_FRAME = frozenset(("BEGIN", "END", "VERSION", "PRODID", "REV", "PROFILE", _OWN_UID))
#: What Apple writes beside another line of the same group.
_BESIDE = frozenset(("X-ABLABEL", "X-ABADR"))
#: What a card has once, or what pictures somebody.
_ONCE = frozenset(("FN", "N", "UID", "KIND", "X-ABSHOWAS", "GENDER", "BDAY", "ANNIVERSARY")) | BINARY
#: What a field holds only where it is what it says.
_CHECKED = frozenset(("EMAIL", "TEL", "URL", "BDAY"))
_TAG_SIGNS = re.compile(r":::|[,;|،\n]")


# --- a card as fields -----------------------------------------------------------------------------------------------


def kind_of(card: Card) -> str:
    """ "org", "group", or "individual" for everybody else."""
    for one in card.properties:
        word = one.value.strip().lower()
        if one.name in ("KIND", "X-KIND", "X-ADDRESSBOOKSERVER-KIND"):
            return {"org": "org", "organization": "org", "group": "group"}.get(word, "individual")
        if one.name == "X-ABSHOWAS" and word == "company":
            return "org"
    return "individual"


class Fields(NamedTuple):
    """A card as fields: `values` as texts by field, how many e-mail addresses and telephones it has beyond them, how
    many of its lines, pictures mostly, were too long to be kept, which of its properties say nothing that their field
    holds, how many tags lost a sign that parts tags, and how many kept lines a control character."""

    values: Values
    further: int
    dropped: int
    unread: tuple[str, ...] = ()
    parted: int = 0
    stripped: int = 0


def read_fields(
    card: Card, *, firm: bool = False, longest: int = MAX_KEPT, known: Mapping[str, str | None] | None = None
) -> Fields:
    """The fields of a card. `vcard` has what no field holds, and those lines whose parameters or parts would be lost;
    none with a value of more than `longest` characters. A field in `known` is that value, if a property says it, and
    else none: what other properties say is further.

    The full name comes from FN, else from N, else it is what else names the card. A UID that is a UUID is the record's
    own, unless the card says another; each that did not come from here is its id in another system as well. What is
    empty says nothing and is not kept. An FN without the words of N is kept too: it tells whether the name was edited.
    """
    some = [canonical(one.without(_MARK)) for one in card.properties if one.name not in _FRAME]
    values, taken = _taken(some, firm, known or {})
    if not values.get("name"):
        values["name"] = _another_name(card)
    values["description"] = "\n\n".join(text for one in some if one.name == "NOTE" and (text := unescape(one.value)))
    values["updated_at"] = moment(card.first("REV"))
    tags, parted = _tags(one for one in some if one.name == "CATEGORIES")
    values["tags"] = ", ".join(tags)
    uid, own = card.first("UID").strip(), _OURS.fullmatch(card.first(_OWN_UID).strip())
    ours = own or _OURS.fullmatch(uid)
    values["uid"] = ours[1].lower() if ours else ""
    values["external_id"] = "" if ours and not own and card.first("PRODID") == PRODID else digits(uid)
    apart = any(
        one.name == "N" and one.value.strip(" ;,") and one != _name(values["name"], firm)
        and not _is_called(values["name"], one)
        for one in some
    )  # fmt: skip
    days = read_days(some, firm=firm)
    values["occasions"] = written_days(days.values())
    kept: list[tuple[int, Property]] = []
    unread: list[str] = []
    further, dropped = 0, card.dropped
    for place, one in enumerate(some):
        if place in taken:
            slot = taken[place]
            if not slot.plain(one, values) or (slot.field == "name" and apart):
                marked = one._replace(params=((_MARK, (slot.field,)), *one.params))
                kept.append((SLOTS.index(slot), marked))
        elif not one.value.strip(" ;,") or _said_elsewhere(one, values, firm):
            continue
        elif len(one.value) > longest:
            dropped += 1
        else:
            kept.append(({"UID": -1, "N": len(SLOTS)}.get(one.name, len(SLOTS) + 1), one))
            if one.name in _CHECKED and place not in days and not (one.name == "BDAY" and firm) and not _is_read(one):
                unread.append(one.name)
            else:
                further += one.name in ("EMAIL", "TEL")
    # In the order in which they are written: a card of ours that comes back is the same.
    values["vcard"] = "\n".join(written(one) for _, one in sorted(kept, key=itemgetter(0)))
    stripped = sum([1 for _, one in kept if not one.value.isprintable() and not is_harmless(one.value)])
    return Fields(values, further, dropped, tuple(unread), parted, stripped)


def _is_read(one: Property) -> bool:
    """Whether a field can have what a property says."""
    return any(slot.read(one) for slot in SLOTS if one.name in slot.names)


def _taken(some: Sequence[Property], firm: bool, known: Mapping[str, str | None]) -> tuple[Values, dict[int, Slot]]:
    """The values of the fields that single properties say, and which property (by its place) stands for which."""
    values: Values = {}
    taken: dict[int, Slot] = {}
    by_name: dict[str, list[int]] = {}
    for place, one in enumerate(some):
        by_name.setdefault(one.name, []).append(place)
    for slot in SLOTS:
        if firm and slot.field not in OF_FIRMS:
            continue
        places = [place for name in slot.names for place in by_name.get(name, ())]
        if not places:
            continue
        free = [place for place in places if place not in taken and slot.fits(some[place])]
        if slot.field in known:
            own = slot.made({slot.field: known[slot.field] or ""}, "3.0")
            free = [place for place in free if own is not None and slot.read(some[place]) == slot.read(own)]
        if len(free) > 1:
            free.sort(key=lambda place: (slot.names.index(some[place].name), *_rank(some[place])))
        for place in free:
            if found := slot.read(some[place]):
                values.update(found)
                taken[place] = slot
                break
    return values, taken


def _rank(one: Property) -> tuple[int, bool, bool]:
    """The preferred one first, of telephones those that are no mobile, of addresses the one at work."""
    cell = one.name == "TEL" and not one.types.isdisjoint(CELL)
    return preference(one), cell, one.name == "ADR" and "work" not in one.types


def _another_name(card: Card) -> str:
    """What names a card without FN."""
    for one in card.properties:
        if one.name == "N":
            family, given, additional, prefix, suffix = [*_parts(one), *[""] * 5][:5]
            if name := " ".join(part for part in (prefix, given, additional, family, suffix) if part):
                return name
    for name in ("NICKNAME", "ORG", "EMAIL", "TEL"):
        found = next((one for one in card.properties if one.name == name and one.value.strip(" ;,")), None)
        if found:
            return next(text for part in pieces(found.value, ";") if (text := one_line(unescape(part))))
    return ""


def _parts(one: Property) -> list[str]:
    """The parts of a structured name, several of one kind in one text."""
    return [" ".join(one_line(unescape(word)) for word in pieces(part, ",")).strip() for part in pieces(one.value, ";")]


def _tags(some: Iterable[Property]) -> tuple[list[str], int]:
    """The categories, and how many had a sign that parts tags, which is none of their names."""
    names: dict[str, None] = {}
    parted = 0
    for one in some:
        for word in pieces(one.value, ","):
            text, signs = _TAG_SIGNS.subn(" ", unescape(word).strip())
            parted += signs > 0
            if name := " ".join(text.split()):
                names[name] = None
    return list(names), parted


def _said_elsewhere(one: Property, values: Values, firm: bool) -> bool:
    """Whether the fields say all that a property says that stands for none of them."""
    if one.name in ("NOTE", "CATEGORIES"):
        return True
    if one.name == "UID":
        return not values["external_id"]
    if one.name == "KIND":
        return firm or one.value.strip().lower() in ("individual", "group", "org")
    if one.name == "X-ABSHOWAS":
        return firm
    return one.name == "N" and one == _name(values["name"], firm)


def _name(name: str, firm: bool) -> Property:
    """The structured name of somebody of whom only the full name is known: the last word is the family's."""
    given, _, family = ("", "", "") if firm else name.rpartition(" ")
    given, family = (given, family) if given else (family, "")
    return Property("N", ";".join((escape(family), escape(given), "", "", "")))


# --- fields as a card -----------------------------------------------------------------------------------------------


def card_of(values: Mapping[str, str], version: str, *, firm: bool = False) -> bytes:
    """A record as a card. `values` are texts by field as `read_fields` gives them, tags parted by commas, `updated_at`
    a UTC instant. Raises CrmError where the bytes would not say what is meant."""
    values = {**values, "company": values.get("name") or ""} if firm else values
    others = []
    marked: dict[str, Property] = {}
    for one in _kept(values.get("vcard") or ""):
        mark = next(iter(one.said(_MARK)), "")
        if mark:
            marked[mark] = one.without(_MARK)
        else:
            others.append(one)
    said = _said(values, version, marked, firm)
    others = with_days(others, values.get("occasions") or "", version, born=bool(values.get("birthday")))
    groups = {one.group for one in (*said, *others) if one.name not in _BESIDE}
    made = {"N", "UID", *({"KIND", "X-ABSHOWAS"} if firm else ()), *(one.name for one in said if one.name == "BDAY")}
    own = f"urn:uuid:{values.get('uid') or ''}"
    foreign = next((one for one in others if one.name == "UID"), None)
    uid = [foreign, Property(_OWN_UID, own)] if foreign else [Property("UID", own)]
    name = _structured(values.get("name") or "", others, marked.get("name"), firm)
    found = [Property("PRODID", PRODID), *uid, *said, name]
    if firm:
        found.append(Property("KIND", "org") if version == "4.0" else Property("X-ABSHOWAS", "COMPANY"))
    if at := values.get("updated_at"):
        stamp = re.sub(r"\.\d+", "", at)
        found.append(Property("REV", re.sub("[-:]", "", stamp) if version == "4.0" else stamp))
    found += [one for one in others if one.name not in made and (one.name not in _BESIDE or one.group in groups)]
    return write_card(found, version)


def joined(cards: Sequence[str], said: Iterable[str]) -> str:
    """What is kept of several cards (`vcard`) of one record: the first as it is, and what it lacks of the lines of the
    others, further addresses and telephones mostly. Not what stands for a field there, what one has only once, and the
    e-mail addresses and telephones that the fields have (`said`)."""
    first, *others = cards
    mine = _kept(first)
    there = {*map(_sameness, mine), *(("EMAIL", text.casefold()) for text in said)}
    there |= {("TEL", bare_number(text)) for text in said}
    groups = {one.group.casefold() for one in mine}
    lines = [first] if first else []
    for card in others:
        some = [one for one in _kept(card) if not one.said(_MARK) and one.name not in _ONCE]
        fresh = [one for one in some if one.name not in _BESIDE and _sameness(one) not in there]
        names = {one.group: one.group for one in fresh if one.group}
        for group in names:
            while names[group].casefold() in groups:
                names[group] += "-2"
            groups.add(names[group].casefold())
        beside = [one for one in some if one.name in _BESIDE and one.group in names]
        there.update(map(_sameness, fresh))
        lines += (written(one._replace(group=names.get(one.group, ""))) for one in (*fresh, *beside))
    return "\n".join(lines)


def _sameness(one: Property) -> tuple[str, str]:
    """What is equal of two lines that say the same."""
    text = unescape(one.value).strip()
    if one.name == "TEL":
        return one.name, bare_number(text.partition(":")[2] if text.lower().startswith("tel:") else text)
    return one.name, text.casefold() if one.name == "EMAIL" else text


def _said(values: Mapping[str, str], version: str, marked: Mapping[str, Property], firm: bool) -> list[Property]:
    """What the fields say, each in the line that it came from where there is one."""
    found = []
    for slot in SLOTS:
        one = None if firm and slot.field not in OF_FIRMS else slot.made(values, version)
        if one is None:
            continue
        own = marked.get(slot.field)
        if own is not None and own.name in slot.names:
            read = slot.read(own)
            same = bool(read) and all((values.get(name) or "") == read.get(name, "") for name in slot.fields)
            one = own if same else own.without("VALUE", "X-APPLE-OMIT-YEAR")._replace(value=one.value)
        found.append(one)
    if note := values.get("description"):
        found.append(Property("NOTE", escape(note)))
    if tags := values.get("tags"):
        found.append(Property("CATEGORIES", ",".join(escape(tag.strip()) for tag in tags.split(","))))
    return found


def _structured(name: str, others: Iterable[Property], full: Property | None, firm: bool) -> Property:
    """N: the card's own as long as the full name has its words, or is still the one (`full`) that the card had."""
    own = next((one for one in others if one.name == "N"), None)
    same = full is not None and one_line(unescape(full.value)) == name
    return own if own is not None and (same or _is_called(name, own)) else _name(name, firm)


def _is_called(name: str, structured: Property) -> bool:
    """Whether a full name has the words of a structured one, of which there are some."""
    words = {word for part in _parts(structured)[:2] for word in fold(part).split()}
    return bool(words) and words <= set(fold(name).replace(",", " ").split())


def _kept(text: str) -> list[Property]:
    """The properties of lines that were kept with a record; what is no property of a card is left out."""
    found = []
    for line in text.split("\n") if text else ():
        try:
            one = parse(line)
        except Fault:  # no card of ours had it
            continue
        if one is not None and one.name not in _FRAME:
            found.append(canonical(one))
    return found
