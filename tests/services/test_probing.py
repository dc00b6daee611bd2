"""A new record is told of those that the list of duplicates has, without a look at the whole book, on both engines."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT
from crmcli.services import duplicates, probing, records
from tests.support.importing import take_as_kind
from tests.support.people import slip, someone

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from crmcli.context import Context
    from crmcli.domain.fields import Entity


def add(ctx: Context, kind: Entity, name: str, **more: str) -> int:
    return records.add(ctx, kind, {"name": name, **more}).ids[0]


def _person(dice: random.Random, number: int) -> dict[str, str]:
    """A made-up person as it is added: some things are known of nearly all, a birthday and an address of half."""
    person = someone(dice)
    found = {"name": f"{person['given']} {person['family']}", "city": person["city"]}
    if dice.random() < 0.5:
        found |= {"email": f"p{number}@mail{number % 7}.example"}
    if dice.random() < 0.5:
        found |= {part: person[part] for part in ("street", "postal_code", "birthday")}
    return found


def _resembling(dice: random.Random, known: dict[str, str], number: int) -> dict[str, str]:
    """Who is added is the person once more, with a slip, another address or less of it, or is a namesake or a twin."""
    given, _, family = known["name"].partition(" ")
    found = dict(known) | {"email": f"q{number}@other.example"}
    match number % 8:
        case 0:
            found["name"] = f"{given} {slip(dice, family)}"
        case 1:
            found["name"] = f"{family}, {given}"
        case 2:
            found |= {"email": known.get("email", "")}
        case 3:
            found = {"name": known["name"], "city": someone(dice)["city"]}
        case 4:
            found["name"] = f"{someone(dice)['given']} {family}"
        case 5:
            found["name"] = f"{given[0]}. {family}"
        case 6:
            found = {"name": known["name"], "city": known["city"]}
        case _:
            found["name"] = f"{slip(dice, given)} {family}"
    return {field: value for field, value in found.items() if value}


def test_a_new_record_is_told_what_the_list_has(ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a book of which a sample alone is looked at, as of one of 100,000, though by fewer records."""
    monkeypatch.setattr(probing, "SAMPLED", 100)
    dice = random.Random(7)
    people = [_person(dice, number) for number in range(1500)]
    path = tmp_path / "people.jsonl"
    path.write_text("".join(json.dumps(person) + "\n" for person in people), encoding="utf-8")
    take_as_kind(ctx, str(path), "contact")
    new = [_resembling(dice, dice.choice(people), number) for number in range(96)]
    new += [_person(dice, 9000 + number) for number in range(64)]

    told: dict[int, bool] = {}
    for person in new:
        number = records.add(ctx, CONTACT, person).ids[0]
        told[number] = bool(duplicates.warnings(ctx, CONTACT, number))
    # Who was added first was told of nobody.
    listed = {max(pair.a, pair.b) for pair in duplicates.finder(ctx, CONTACT).pairs()}

    wrong = [number for number, warned in told.items() if warned != (number in listed)]
    assert 30 <= sum(told.values()) <= len(told) - 60
    assert len(wrong) <= len(told) * 0.03, [new[number - min(told)] for number in wrong]


def test_companies_of_one_name_are_told_however_many_begin_like_it(ctx: Context) -> None:
    """What the list has by the name alone: legal forms, hyphens and the order of words do not matter."""
    for n in range(30):
        add(ctx, COMPANY, f"Fırat Akar {'abcdefghijklmnopqrstuvwxyzäöüß'[n] * 4} A.Ş.", city="Bursa")
    for held, new in (
        ("Fırat Akar İnşaat San. ve Tic. A.Ş.", "Fırat Akar İnşaat Ltd. Şti."),
        ("Müller-Lüdenscheidt Logistik GmbH", "Müller Lüdenscheidt Logistik"),
        ("Yorulmaz Gıda San. ve Tic. A.Ş.", "Gıda Yorulmaz"),
        ("Fırat Akar", "Fırat Akar A.Ş."),
    ):
        before, after = add(ctx, COMPANY, held), add(ctx, COMPANY, new)
        assert any(f"company:{before} " in line for line in duplicates.warnings(ctx, COMPANY, after)), new
        assert any({before, after} <= set(group.ids) for group in duplicates.groups(ctx, COMPANY)), new


def test_of_many_namesakes_the_one_who_has_more_in_common_is_told(ctx: Context) -> None:
    for _ in range(40):
        add(ctx, CONTACT, "Anna Berger", city="Ulm")
    twice = {"birthday": "1975-08-05", "street": "Leif-Thanel-Platz 62", "city": "Ulm"}
    before = add(ctx, CONTACT, "Anna Berger", **twice)
    for name in ("Anna Berger", "Anan Berger", "Berger, Anna"):
        number = add(ctx, CONTACT, name, **twice)
        assert any(f"contact:{before} " in line for line in duplicates.warnings(ctx, CONTACT, number)), name
