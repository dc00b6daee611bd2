"""Whose turn it is: the SQL of the last word with a record, and of whether it still is the last of its conversation.

A word is an interaction in which somebody said something; it is somebody's turn where it has a direction. Each is said
in one conversation: that of the open lead or deal that it is on; on a closed, archived or removed one, that of the
person whom this names now, or without one of the company, or where it names neither, its own; on none, that of the
person it was with, or without one of the company.

The last word of a lead or deal is the latest on it; it goes on with what is said on no lead or deal with its person, or
without one its company, and with whom that latest was (the deal may have gone to another one since). A person's is the
latest with them or on one of their leads and deals; a company's the latest with it, its people or on its leads and
deals, and what the people of its open ones say on none. So a record also hears what was said when it belonged there.
What it heard last is its turn only while that is the last word of its conversation too: a deal that went to another
person and was answered there has been answered for the first one as well, and a company need not answer whom somebody
has answered elsewhere.
"""

from __future__ import annotations

#: The last word with a person of the table `t`.
LAST_WORD = "t.last_word_id"


def live(sale: str) -> str:
    """That a lead or deal speaks for itself; `sale` is what it is called."""
    return f"{sale}.status = 'open' and {sale}.archived_at is null and {sale}.removed_at is null"


def last_of_sale(sale: str) -> str:
    """The last word with a lead or deal: of two at one moment it is the one that was entered later."""
    return (
        f"(select w.id from interaction w where {sale}.last_word_id is not null and w.id in ({sale}.last_word_id,"
        f" coalesce((select c.own_word_id from contact c where c.id = {sale}.contact_id),"
        f" (select f.own_word_id from company f where f.id = {sale}.company_id and {sale}.contact_id is null)),"
        " (select case when l.contact_id is null then f.own_word_id else c.own_word_id end from interaction l"
        " left join contact c on c.id = l.contact_id left join company f on f.id = l.company_id"
        f" where l.id = {sale}.last_word_id))"
        " order by w.at desc, w.id desc limit 1)"
    )


def last_of_company(company: str) -> str:
    """The last word with a company, in the same order."""
    return (
        f"(select x.id from (select w.id, w.at from interaction w where w.id = {company}.last_word_id"
        " union all select w.id, w.at from opportunity d join contact c on c.id = d.contact_id"
        f" join interaction w on w.id = c.own_word_id where d.company_id = {company}.id"
        f" and d.last_word_id is not null and {live('d')}) x order by x.at desc, x.id desc limit 1)"
    )


#: The same of leads and deals, and of companies.
LAST_WORD_OF_SALE = last_of_sale("t")
LAST_WORD_OF_COMPANY = last_of_company("t")
#: An own word of a person is also the last of an open lead or deal of theirs, where it was answered on another one.
_ON_ONE_OF_THEIRS = (
    "s.id is null and exists (select 1 from opportunity b"
    f" where b.contact_id = p.id and {live('b')} and {last_of_sale('b')} = i.id)"
)
#: What an interaction `i` was said in, for a SELECT: its lead or deal `s`, and whom the conversation is with where that
#: does not speak for itself, the person `p` or without one the company `f`.
SAID_IN = (
    "from (select 1 as one) as one left join opportunity s on s.id = i.opportunity_id"
    " left join contact p on p.id = case when s.id is null then i.contact_id else s.contact_id end"
    " left join company f on f.id = case when s.id is null then i.company_id else s.company_id end"
)
#: Whether an interaction `i` is the last word of its conversation.
STANDS = (
    f"(select case when {live('s')} then {last_of_sale('s')} = i.id"
    f" when p.id is not null then p.last_word_id = i.id or ({_ON_ONE_OF_THEIRS})"
    f" when f.id is not null then {last_of_company('f')} = i.id"
    f" else {last_of_sale('s')} = i.id end {SAID_IN})"
)
