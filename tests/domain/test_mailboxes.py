"""Mailboxes with commas, with names and without: what is read is what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmcli.domain.mailboxes import Mailbox, listed, read_list
from crmcli.errors import FieldError


@pytest.mark.parametrize(
    ("text", "boxes"),
    [
        ("ada@x.org", [Mailbox("ada@x.org")]),
        ("Ada Lovelace <Ada@X.org>; bob@y.org", [Mailbox("ada@x.org", "Ada Lovelace"), Mailbox("bob@y.org")]),
        ('"Lovelace, Ada" <ada@x.org>,bob@y.org', [Mailbox("ada@x.org", "Lovelace, Ada"), Mailbox("bob@y.org")]),
        ("ada@x.org, Ada <ada@x.org>", [Mailbox("ada@x.org", "Ada")]),
        ("آدا <ada@x.org>، bob@y.org", [Mailbox("ada@x.org", "آدا"), Mailbox("bob@y.org")]),
        (r'"say \"hi\"" <a@x.org>', [Mailbox("a@x.org", 'say "hi"')]),
        (" , ", []),
    ],
)
def test_what_is_read(text: str, boxes: list[Mailbox]) -> None:
    assert read_list(text) == boxes
    assert read_list(listed(boxes)) == boxes


@pytest.mark.parametrize("text", ["Ada", "Ada <>", "ada@", "<a@x.org", "a@x.org b@y.org"])
def test_what_is_no_mailbox_is_refused(text: str) -> None:
    with pytest.raises(FieldError):
        read_list(text)


NAMES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=12)


@given(st.lists(st.builds(Mailbox, st.sampled_from(["ada@x.org", "b+c@y.org", "z@z.ir"]), NAMES), max_size=4))
def test_a_list_written_is_read_again(boxes: list[Mailbox]) -> None:
    once = read_list(listed(Mailbox(box.email, " ".join(box.name.split())) for box in boxes))
    assert read_list(listed(once)) == once
    assert {box.email for box in once} == {box.email for box in boxes}
