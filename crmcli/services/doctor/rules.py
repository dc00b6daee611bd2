"""The rules of `crm doctor`: what each looks for, and the command that mends what it finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TAG, TASK
from crmcli.domain.struct import Struct
from crmcli.services.doctor import looking, mending

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.context import Context
    from crmcli.domain.fields import Entity
    from crmcli.store.write import Transaction

#: What can be wrong with data, in the order in which it is told.
ABOUT = ("missing", "malformed", "stale", "contradictory", "orphaned", "duplicate", "own")


class Rule(Struct):
    """What to look for. `about` is one of `ABOUT`, `title` what its findings are, in words. The faulty records of
    `kind` fit `filter`, which leaves out what lists leave out, or `find` gives their ids, oldest first.

    `advice` is the command that mends them; `{filter}` in it is the rule's own, `{name}` its name, capitals are for the
    user to fill in. Where `fix` is given, `--fix` does it by itself: it changes the records of these ids in a
    transaction, and says how in `fixes`. Where `advise` is given, it makes the command for this book and these records.
    One that is not `enabled` is looked for only where it is named.
    """

    name: str
    about: str
    kind: Entity
    title: str
    advice: str
    filter: str = ""
    find: Callable[[Context], list[int]] | None = None
    fix: Callable[[Context, Transaction, list[int]], None] | None = None
    fixes: str = ""
    advise: Callable[[Context, list[int]], str] | None = None
    enabled: bool = True


#: After how many days without a word a lead is stale; a contact nobody has touched in a year is told by none: not
#: every address is a customer. After how many days past its day a task is no more than a reproach.
UNTOUCHED_DAYS, OVERDUE_DAYS = 90, 30

RULES: tuple[Rule, ...] = (
    Rule(
        "lead-unreachable",
        "missing",
        LEAD,
        "open leads without e-mail address and telephone",
        "crm lead edit ID email=ADDRESS",
        "no:email no:phone",
    ),
    Rule(
        "contact-unreachable",
        "missing",
        CONTACT,
        "people without e-mail address and telephone",
        "crm contact edit ID email=ADDRESS",
        "no:email no:phone no:mobile",
    ),
    Rule(
        "lead-without-owner",
        "missing",
        LEAD,
        "open leads that nobody looks after",
        "crm lead edit {filter} owner=me",
        "no:owner",
    ),
    Rule(
        "deal-without-owner",
        "missing",
        DEAL,
        "open deals that nobody looks after",
        "crm deal edit {filter} owner=me",
        "no:owner",
    ),
    Rule(
        "deal-without-value", "missing", DEAL, "open deals without a value", "crm deal edit ID value=AMOUNT", "no:value"
    ),
    Rule(
        "deal-without-close-date",
        "missing",
        DEAL,
        "open deals without a close date",
        "crm deal edit {filter} close=eom",
        "no:close_on",
    ),
    Rule(
        "deal-without-task",
        "missing",
        DEAL,
        "open deals without a next task",
        "crm doctor show {name} -o ids | xargs -I{} crm task add Call --on deal:{} --due tomorrow",
        "is:idle",
    ),
    Rule(
        "contact-without-company",
        "missing",
        CONTACT,
        "people with an e-mail address at a company that they are not linked to",
        "crm doctor --fix {name}",
        find=looking.at_a_known_company,
        fix=mending.link_companies,
        fixes="link them to it",
    ),
    *(
        Rule(
            f"{kind.name}-{column}",
            "malformed",
            kind,
            f"{people} with a {what} number that cannot be read",
            f"crm {kind.name} edit ID {column}=+NUMBER",
            find=looking.unreadable_phones(kind, column),
            advise=looking.readable_in_a_region(kind, column),
        )
        for kind, people, column, what in (
            (CONTACT, "people", "phone", "telephone"),
            (CONTACT, "people", "mobile", "mobile"),
            (LEAD, "leads", "phone", "telephone"),
            (COMPANY, "companies", "phone", "telephone"),
        )
    ),
    Rule(
        "contact-email-slip",
        "malformed",
        CONTACT,
        "people at a mail provider that is misspelt, such as gmial.com",
        "crm contact edit ID email=ADDRESS",
        find=looking.misspelt_providers(CONTACT),
    ),
    Rule(
        "lead-email-slip",
        "malformed",
        LEAD,
        "leads at a mail provider that is misspelt, such as gmial.com",
        "crm lead edit ID email=ADDRESS",
        find=looking.misspelt_providers(LEAD),
    ),
    Rule(
        "contact-name-is-address",
        "malformed",
        CONTACT,
        "people whose name is an e-mail address",
        "crm contact edit ID name=NAME",
        "name:@",
    ),
    *(
        Rule(
            f"{kind.name}-unseen-marks",
            "malformed",
            kind,
            f"{kind.plural} with marks in the name that nobody sees",
            "crm doctor --fix {name}",
            find=looking.unseen_marks(kind),
            fix=mending.drop_marks(kind),
            fixes="take the marks out",
        )
        for kind in (LEAD, DEAL, CONTACT, COMPANY)
    ),
    Rule(
        "deal-overdue",
        "stale",
        DEAL,
        "open deals whose close date is past",
        "crm deal edit {filter} close=eom",
        "close_on:..yesterday",
    ),
    Rule(
        "deal-rotting",
        "stale",
        DEAL,
        "open deals that have stood in their stage longer than its days to rot",
        "crm log call deal:ID TEXT",
        "is:rotting",
    ),
    Rule(
        "lead-untouched",
        "stale",
        LEAD,
        f"open leads without a word for {UNTOUCHED_DAYS} days",
        "crm lead lost {filter} --reason 'no answer'",
        f"last_touch:..-{UNTOUCHED_DAYS}d or (no:last_touch created_at:..-{UNTOUCHED_DAYS}d)",
    ),
    Rule(
        "task-overdue",
        "stale",
        TASK,
        f"open tasks that were due more than {OVERDUE_DAYS} days ago",
        "crm task snooze {filter} tomorrow",
        f"due_on:..-{OVERDUE_DAYS}d",
    ),
    Rule(
        "task-reminder-astray",
        "stale",
        TASK,
        "open tasks with a reminder that failed or is doubtful",
        "crm remind list --everybody",
        find=looking.reminders_astray,
    ),
    Rule(
        "deal-other-company",
        "contradictory",
        DEAL,
        "open deals whose contact works at another company",
        "crm deal edit ID company=NAME",
        find=looking.other_companies,
    ),
    Rule(
        "contact-other-domain",
        "contradictory",
        CONTACT,
        "people whose e-mail address is that of another company of the book",
        "crm contact edit ID company=NAME",
        find=looking.other_domains,
    ),
    Rule(
        "contact-birthday",
        "contradictory",
        CONTACT,
        "people with a birthday in the future or before 1900",
        "crm contact edit ID birthday=DATE",
        "birthday:tomorrow.. or birthday:..1899-12-31",
    ),
    Rule(
        "deal-closed-early",
        "contradictory",
        DEAL,
        "deals that were closed before they were created",
        "crm doctor --fix {name}",
        find=looking.closed_before_created,
        fix=mending.close_when_created,
        fixes="say that they were closed when they were created",
    ),
    Rule(
        "task-of-the-closed",
        "contradictory",
        TASK,
        "open tasks of leads and deals that are lost",
        "crm doctor show {name} -o ids | crm task remove -",
        find=looking.tasks_of_the_lost,
    ),
    Rule(
        "task-ring",
        "contradictory",
        TASK,
        "open tasks that wait for themselves, each for another one",
        "crm task edit ID needs=-OTHER",
        find=looking.tasks_in_rings,
    ),
    Rule(
        "interaction-ahead",
        "contradictory",
        INTERACTION,
        "notes, calls and meetings that have not happened yet",
        'crm note edit ID at=DATE  # what is planned is a task: crm task add "..." --on RECORD --due DATE',
        find=looking.still_to_come,
    ),
    Rule(
        "company-alone",
        "orphaned",
        COMPANY,
        "companies without people, deals, tasks and notes",
        "crm doctor show {name} -o ids | crm company archive -",
        find=looking.alone,
    ),
    Rule(
        "task-orphaned",
        "orphaned",
        TASK,
        "open tasks of records that were removed",
        "crm doctor --fix {name}",
        find=looking.tasks_of_the_removed,
        fix=mending.remove_tasks,
        fixes="remove them",
    ),
    *(
        Rule(
            f"{kind.name}-{link}-removed",
            "orphaned",
            kind,
            f"{what} of a {link} that was removed",
            f"crm doctor show {{name}} -o ids | crm {kind.name} edit - {link}=",
            find=looking.linked_to_removed(kind, link),
        )
        for kind, what, link in (
            (CONTACT, "people", "company"),
            (DEAL, "open deals", "contact"),
            (DEAL, "open deals", "company"),
        )
    ),
    *(
        Rule(
            f"{kind.name}-owner-gone",
            "orphaned",
            kind,
            f"open {kind.plural} of somebody who is no longer active",
            f"crm doctor show {{name}} -o ids | crm {kind.name} edit - owner=NAME",
            find=looking.owners_gone(kind),
        )
        for kind in (LEAD, DEAL, TASK)
    ),
    Rule(
        "tag-unused",
        "orphaned",
        TAG,
        "tags that nothing carries",
        "crm doctor --fix {name}",
        find=looking.unused_tags,
        fix=mending.delete_tags,
        fixes="delete them",
    ),
    *(
        Rule(
            f"{kind.name}-twice",
            "duplicate",
            kind,
            f"{kind.plural} probably the same as an older one (address, number, name)",
            f"crm dupes {kind.name}",
            find=looking.doubles(kind),
        )
        for kind in (LEAD, DEAL, CONTACT, COMPANY)
    ),
)
