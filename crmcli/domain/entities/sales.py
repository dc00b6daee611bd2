"""Leads and deals."""

from __future__ import annotations

from crmcli.domain.entities.shared import (
    ADDRESS,
    COMPANY_HEADERS,
    DESCRIPTION,
    EMAIL,
    EXTERNAL,
    ID,
    NAME_HEADERS,
    ORIGIN,
    OWNER,
    PHONE,
    PRIORITIES,
    STAMPS,
    STATUSES,
    TAGS,
    UID,
    WEBSITE,
    merged,
    touches,
)
from crmcli.domain.entities.turns import LAST_WORD_OF_SALE
from crmcli.domain.fields import Entity, Field
from crmcli.domain.types import INDEXED, Choice, Currency, Day, Flag, Instant, Integer, Money, Percent, Ref, Text

PLANS = {"monthly": 1, "quarterly": 3, "yearly": 12, "3 years": 36, "5 years": 60}
#: Recurring revenue a month, RR / months as Odoo has it, in whole minor units: rounded half away from zero as the
#: weighted amount is; taken apart so that no amount overflows.
MRR = " ".join((
    "(case t.plan",
    *(
        f"when '{plan}' then t.recurring_minor / {n}"
        f" + (t.recurring_minor % {n} * 2 + case when t.recurring_minor < 0 then -{n} else {n} end) / {2 * n}"
        for plan, n in PLANS.items()
        if n > 1
    ),
    "else t.recurring_minor end)",
))  # fmt: skip

MONEY_HEADERS = (
    "amount", "expected revenue", "deal value", "opportunity value", "close_value", "close value", "price", "sum",
    "deal amount", "opportunity amount", "deal size", "expected_revenue", "estimated value", "estimated revenue",
    "contract value", "monetary value", "est. revenue", "est. value", "مبلغ", "ارزش", "مبلغ معامله", "مبلغ کل", "مبلغ قرارداد",
)  # fmt: skip

_OPPORTUNITY_MIDDLE = (
    Field("status", Choice(*STATUSES), "Status", "open, won or lost", "status", settable=False),
    Field("stage", Ref("stage", words=True), "Stage", "Where it stands in its pipeline", "stage_id", kept=True,
          headers=("deal stage", "deal_stage", "stagename", "stage name", "pipeline stage", "sales stage", "stage_id", "status label",
                   "lead status", "milestone", "مرحله", "مرحله فروش", "مرحله کاریز")),
    Field("pipeline", Ref("pipeline", words=True), "Pipeline", "Which pipeline it is in", "pipeline_id", kept=True, headers=("deal pipeline", "sales pipeline", "pipeline name", "خط فروش", "کاریز", "قیف فروش")),
    OWNER,
    Field("value", Money(), "Value", "Expected revenue, in the record's currency", "value_minor", ("amount",), MONEY_HEADERS, indexed=True),
    Field("currency", Currency(), "Currency", "ISO 4217 code of value and recurring", "currency", headers=(
        "currency code", "currencyisocode", "amount currency", "currency of value", "value currency",
        "opportunity amount currency", "monetary unit", "company_currency", "ارز", "نوع ارز", "واحد پول", "واحد پولی")),
    Field("probability", Percent(), "Probability", "Chance to win in percent; typing one keeps it, clearing it makes it automatic",
          "probability_bp", headers=(
              "deal probability", "probability (%)", "win probability", "close probability", "confidence", "احتمال", "درصد احتمال",
              "احتمال موفقیت")),
    Field("probability_manual", Flag(), "Hand-set", "Whether the probability was set by hand", "probability_manual", settable=False),
    Field("probability_kept", Percent(), "Kept probability", "The figure set by hand, kept while it is won or lost", "probability_kept_bp",
          settable=False),
    Field("weighted", Money(), "Weighted", "value x probability", settable=False,
          expr="(t.value_minor / 10000 * t.probability_bp + (t.value_minor % 10000 * t.probability_bp"
               " + case when t.value_minor < 0 then -5000 else 5000 end) / 10000)"),
    Field("close_on", Day(), "Close date", "When it is expected to be won", "close_on", ("close",), indexed=True,
          headers=("close date", "closedate", "expected close date", "expected closing", "closing date", "expected closing date",
                   "estimated close date", "est. close date", "expected close", "date_deadline", "close_date", "تاریخ بستن", "تاریخ پیش بینی")),
    Field("recurring", Money(), "Recurring", "Recurring revenue for each plan period", "recurring_minor", headers=("recurring revenue", "recurring revenues")),
    Field("plan", Choice(*PLANS), "Plan", "How often the recurring revenue comes", "plan", headers=("recurring plan",)),
    Field("mrr", Money(), "MRR", "Monthly recurring revenue", settable=False,
          expr=MRR),
    *ORIGIN,
    Field("referred_by", Text(), "Referred by", "Who sent them", "referred_by", headers=("referrer",)),
    Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", empty=0, headers=("اولویت",)),
    Field("lost_reason", Ref("lost_reason", words=True, create=True), "Lost reason", "Why it was lost", "lost_reason_id",
          settable=False, headers=(
              "closed lost reason", "loss reason", "reason for loss", "lost_reason_id", "دلیل شکست", "علت شکست", "دلیل از دست رفتن")),
)  # fmt: skip

#: coalesce keeps SQLite from the index of all open tasks, which it would read for each record.
_OPEN_TASK = "from task k where k.opportunity_id = t.id and coalesce(k.done_at, k.removed_at) is null"


def _first_task(column: str) -> str:
    """A column of the next open task: by day, an appointment before what is due at any time of the day."""
    return (
        f"(select k.{column} {_OPEN_TASK} order by case when k.due_on is null then 1 else 0 end, k.due_on,"
        " case when k.due_at is null then 1 else 0 end, k.due_at, k.id limit 1)"
    )


_OPPORTUNITY_TAIL = (
    EMAIL,
    PHONE,
    Field(
        "job_title",
        Text(),
        "Job title",
        "What the person does",
        "job_title",
        headers=("title", "job title", "position", "job position", "designation", "سمت", "عنوان شغلی"),
    ),
    WEBSITE,
    *ADDRESS,
    DESCRIPTION,
    TAGS,
    EXTERNAL,
    Field(
        "next_due",
        Day(),
        "Next due",
        "The day of its next open task",
        "next_due",
        ("due",),
        settable=False,
        derived=True,
        moment="next_due_at",
        untimed="next_due_on",
    ),
    Field(
        "next_task",
        Text(),
        "Next task",
        "The name of its next open task, which need not have a day",
        settable=False,
        expr=_first_task("name"),
        key_expr=_first_task("name_key"),
    ),
    Field(
        "next_due_on",
        Day(),
        "Next day",
        "The day of its next open task that has no time",
        settable=False,
        expr=f"(select min(k.due_on) {_OPEN_TASK} and k.due_at is null)",
    ),
    Field(
        "next_due_at",
        Instant(),
        "Next appointment",
        "The moment of its next open task that has a time",
        settable=False,
        expr=f"(select min(k.due_at) {_OPEN_TASK})",
    ),
    Field(
        "open_tasks", Integer(0), "Open tasks", "How many open tasks it has", "open_tasks", settable=False, derived=True
    ),
    *touches(LAST_WORD_OF_SALE),
    Field("stage_since", Instant(), "In stage since", "When it entered its stage", "stage_since", settable=False),
    Field("assigned_at", Instant(), "Assigned", "When it got its owner", "assigned_at", settable=False),
    Field(
        "converted_at",
        Instant(),
        "Converted",
        "When the lead became a deal",
        "converted_at",
        ("converted",),
        settable=False,
    ),
    Field(
        "closed_at",
        Instant(),
        "Closed",
        "When it was won or lost",
        "closed_at",
        ("closed",),
        settable=False,
        indexed=True,
    ),
    Field("position", Integer(), "Position", "Its place in its column of the board", "position", settable=False),
    *STAMPS,
)

LEAD = Entity(
    "lead", "leads", "opportunity", "v_lead",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "The person or the subject; all that is required", "name", search=True, indexed=True,
              required=True, headers=("lead name", "lead title", "lead", "topic", *NAME_HEADERS, "primary contact")),
        Field("company", Text(), "Company", "The company's name, as given", "company_name", search=True, headers=COMPANY_HEADERS),
        Field("contact_name", Text(), "Contact name", "The person, when the name is a subject", "contact_name", search=True),
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL, merged("opportunity"),
    ),
    ("id", "name", "company", "stage", "value", "currency", "owner", "source", "tags", "created_at"),
    "-created_at", "lead", "Somebody who may become a customer",
)  # fmt: skip

DEAL = Entity(
    "deal", "deals", "opportunity", "v_deal",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "What the deal is about; all that is required", "name", search=True, indexed=True, required=True,
              headers=("deal name", "deal title", "deal", "opportunity", "opportunity name", "title", "subject", "opportunity_id",
                       "lead name", "topic", "نام معامله", "عنوان", "موضوع", "نام")),
        Field("company", Ref("company", create=True), "Company", "The customer's company", "company_id",
              headers=(*COMPANY_HEADERS, "customer", "potential customer", "party", "partner_id", "organizations", "accounts", "مشتری",
                       "نام مشتری")),
        Field("contact", Ref("contact", create=True), "Contact", "The person to talk to", "contact_id",
              headers=("contact person", "associated contact", "associated contacts", "primary contact", "contact name",
                       "primary contact name", "related contacts", "contacts", "person", "مخاطب", "شخص", "نام شخص")),
        Field("company_name", Text(), "Company as given", "The company's name on the lead it came from", "company_name", search=True, settable=False),
        Field("contact_name", Text(), "Contact as given", "The person's name on the lead it came from", "contact_name", search=True, settable=False),
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL, merged("opportunity"),
    ),
    ("id", "name", "company", "stage", "value", "currency", "probability", "close_on", "owner", "next_task", "next_due"),
    "-created_at", "deal", "A sale in the making, won or lost", spare=("probability", "company", "owner", "close_on"),
)  # fmt: skip
