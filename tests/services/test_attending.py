"""Whose an e-mail address is: a contact in sight, whatever became of the one who had it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crmcli.domain.entities import CONTACT
from crmcli.services import merging, records
from crmcli.services.attending import attending, contacts

if TYPE_CHECKING:
    from crmcli.context import Context


def add(ctx: Context, name: str, email: str) -> int:
    return records.add(ctx, CONTACT, {"name": name, "email": email}).ids[0]


def test_an_address_is_that_of_the_contact_who_has_it_by_now(ctx: Context) -> None:
    first, second, third = (add(ctx, name, f"{name}@x.org") for name in ("ada", "lovelace", "byron"))
    assert contacts(ctx.reader, ["ada@x.org", "LOVELACE@X.org", "nobody@x.org", "no address"]) == {
        "ada@x.org": first,
        "LOVELACE@X.org": second,
    }
    merging.merge(ctx, CONTACT, [first, second], into=first)
    merging.merge(ctx, CONTACT, [first, third], into=third)
    expected = {f"{name}@x.org": third for name in ("ada", "lovelace", "byron")}
    assert contacts(ctx.reader, expected) == expected
    assert contacts(ctx.reader, expected, merged=False) == {"byron@x.org": third}
    assert attending(ctx.reader, "Ada <ada@x.org>, lovelace@x.org") == [third]
    records.remove(ctx, CONTACT, [third])
    assert contacts(ctx.reader, expected) == {}


@pytest.mark.parametrize("typed", ["behruz@مثال.ایران", "Behruz@xn--mgbh0fb.xn--mgba3a4f16a"])
def test_an_address_in_letters_is_that_in_ascii(ctx: Context, typed: str) -> None:
    number = add(ctx, "Behruz", "behruz@مثال.ایران")
    assert contacts(ctx.reader, [typed]) == {typed: number}


def test_of_several_with_one_address_those_go_first_who_are_neither_archived_nor_merged(ctx: Context) -> None:
    numbers = [add(ctx, name, "info@x.org") for name in ("archived", "merged", "there", "later")]
    other = add(ctx, "other", "other@x.org")
    assert contacts(ctx.reader, ["info@x.org"]) == {"info@x.org": numbers[0]}
    records.archive(ctx, CONTACT, numbers[:1])
    merging.merge(ctx, CONTACT, [numbers[1], other], into=other)
    assert contacts(ctx.reader, ["info@x.org"]) == {"info@x.org": numbers[2]}
    records.remove(ctx, CONTACT, numbers[2:])
    assert contacts(ctx.reader, ["info@x.org"]) == {"info@x.org": numbers[0]}
