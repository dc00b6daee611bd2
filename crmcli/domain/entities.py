"""The nouns: lead, deal, contact, company, task, interaction, and the small vocabularies around them."""

from __future__ import annotations

from crmcli.domain.fields import Entity, Field, suggest
from crmcli.domain.types import (
    INDEXED,
    Choice,
    Currency,
    Day,
    Email,
    ExternalId,
    Flag,
    Identifier,
    Instant,
    Integer,
    LongText,
    Money,
    Percent,
    Phone,
    Ref,
    Tags,
    Text,
    Url,
)
from crmcli.errors import UsageError

PRIORITIES = ("none", "low", "medium", "high")
#: Fields that are for machines: a person who looks at a record is not shown them unasked.
UNSEEN = frozenset(("uid", "probability_manual", "position", "next_due_on", "next_due_at", "vcard"))
STATUSES = ("open", "won", "lost")
INTERACTION_KINDS = ("note", "call", "email", "meeting", "message", "visit", "task", "document")
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

ID = Field("id", Integer(1), "ID", "Short number, for fingers", "id", settable=False, indexed=True, headers=("crm id",))
UID = Field(
    "uid", Identifier(INDEXED), "UUID", "Time-ordered UUID, for machines", "uid", settable=False, headers=("uuid",)
)
OWNER = Field(
    "owner",
    Ref("user", words=True, create=True),
    "Owner",
    "Who looks after it",
    "owner_id",
    headers=(
        "salesperson", "sales agent", "sales_agent", "assigned to", "account owner", "deal owner", "contact owner",
        "lead owner", "company owner", "sales owner", "owned by", "opportunity owner", "assigned user", "assigned to user",
        "account manager", "owner name", "sales rep", "user_id", "user_name", "user", "مسئول", "کارشناس فروش", "مالک",
        "کارشناس", "کارشناس مسئول", "فروشنده",
    ),
)  # fmt: skip
TAGS = Field(
    "tags", Tags(), "Tags", "Free labels", aliases=("tag",),
    headers=("labels", "label", "categories", "tag list", "tag_ids", "group membership", "برچسب", "برچسب ها"),
)  # fmt: skip
EMAIL = Field(
    "email",
    Email(INDEXED),
    "E-mail",
    "E-mail address",
    "email",
    search=True,
    headers=(
        "e-mail", "email address", "e-mail address", "e-mail 1 - value", "primary email", "email 1", "work email",
        "email - work", "business email", "email_from", "mail", "emails", "ایمیل", "پست الکترونیک", "رایانامه", "آدرس ایمیل",
    ),
)  # fmt: skip
PHONE = Field(
    "phone",
    Phone(INDEXED),
    "Phone",
    "Telephone, kept as typed and compared in E.164",
    "phone",
    search=True,
    headers=(
        "phone number", "telephone", "tel", "phone 1 - value", "business phone", "work phone", "phone 1", "phone - work",
        "work direct phone", "direct phone", "primary phone", "primary phone number", "telephone number", "office phone",
        "تلفن", "شماره تلفن", "شماره تماس", "تلفن ثابت", "شماره ثابت", "شماره",
    ),
)  # fmt: skip
WEBSITE = Field(
    "website", Url(), "Website", "Web address", "website",
    headers=("web", "url", "web page", "website url", "homepage", "web page 1", "website 1 - value", "work website",
             "وب سایت", "سایت", "آدرس سایت"),
)  # fmt: skip
ADDRESS = (
    Field("street", Text(), "Street", "Street and number", "street",
          headers=("street address", "address line 1", "address 1", "street/road name of address", "address", "نشانی", "آدرس")),
    Field("city", Text(), "City", "City", "city", search=True,
          headers=("town", "city/town/village/locality of address", "شهر")),
    Field("region", Text(), "Region", "State, province or region", "region",
          headers=("state", "state/region", "state/province", "province", "state/county of address", "state_id", "استان")),
    Field("postal_code", Text(), "Postal code", "Postal code, leading zeros kept", "postal_code", aliases=("zip",),
          headers=("postal code", "zip", "zip code", "postcode", "zip/postal code", "zip/postal code of address", "کد پستی", "کدپستی")),
    Field("country", Text(), "Country", "Country", "country",
          headers=("country/region", "country of address", "country_id", "کشور")),
)  # fmt: skip
ORIGIN = (
    Field("source", Ref("source", words=True, create=True), "Source", "Where it came from: web, referral, fair",
          "source_id", headers=("lead source", "leadsource", "original source", "source channel", "customer source", "source_id", "منبع", "نحوه آشنایی", "شیوه آشنایی")),
    Field("medium", Ref("medium", words=True, create=True), "Medium", "By which medium: email, ads, phone", "medium_id",
          headers=("utm_medium", "medium_id", "رسانه")),
    Field("campaign", Ref("campaign", words=True, create=True), "Campaign", "Which campaign brought it", "campaign_id",
          headers=("utm_campaign", "primary campaign source", "campaign name", "campaign_id", "کمپین")),
)  # fmt: skip
DESCRIPTION = Field(
    "description", LongText(), "Description", "What to know about it", "description", search=True,
    headers=("notes", "comments", "note", "about", "details", "internal notes", "remarks", "توضیحات", "شرح", "یادداشت"),
)  # fmt: skip
EXTERNAL = Field(
    "external_id", ExternalId(INDEXED), "External id", "Its id in the system it was imported from", "external_id", indexed=True,
)  # fmt: skip
LAST_TOUCH = Field(
    "last_touch", Instant(), "Last touch", "The last interaction with it", "last_touch", settable=False, derived=True, indexed=True,
)  # fmt: skip
STAMPS = (
    Field(
        "created_at",
        Instant(),
        "Created",
        "When it was entered",
        "created_at",
        ("created",),
        settable=False,
        indexed=True,
    ),
    Field("updated_at", Instant(), "Updated", "Last change", "updated_at", ("updated",), settable=False),
    Field("archived_at", Instant(), "Archived", "When it was put aside", "archived_at", ("archived",), settable=False),
    Field("removed_at", Instant(), "Removed", "When it was removed", "removed_at", ("removed",), settable=False),
)

VCARD = Field(
    "vcard", Identifier(), "vCard", "What its vCard says beyond the fields here", "vcard", settable=False,
)  # fmt: skip


def _merged(entity: str) -> Field:
    return Field(
        "merged_into", Ref(entity), "Merged into", "The record that it is one with since a merge", "merged_into_id",
        settable=False,
    )  # fmt: skip


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
        "Next task",
        "The day of its next open task",
        "next_due",
        ("due",),
        settable=False,
        derived=True,
        moment="next_due_at",
        untimed="next_due_on",
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
    LAST_TOUCH,
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

NAME_HEADERS = ("full name", "contact name", "customer", "display name", "نام", "نام و نام خانوادگی", "نام کامل")
COMPANY_HEADERS = (
    "company name", "organization", "organisation", "account", "account name", "organization 1 - name", "company / account",
    "organization name", "organisation name", "associated company", "primary associated company", "related account",
    "partner_name", "employer", "شرکت", "نام شرکت", "سازمان", "نام سازمان",
)  # fmt: skip

LEAD = Entity(
    "lead", "leads", "opportunity", "v_lead",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "The person or the subject; all that is required", "name", search=True, indexed=True,
              required=True, headers=("lead name", "lead title", "lead", "topic", *NAME_HEADERS, "primary contact")),
        Field("company", Text(), "Company", "The company's name, as given", "company_name", search=True, headers=COMPANY_HEADERS),
        Field("contact_name", Text(), "Contact name", "The person, when the name is a subject", "contact_name", search=True),
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL, _merged("opportunity"),
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
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL, _merged("opportunity"),
    ),
    ("id", "name", "company", "stage", "value", "currency", "probability", "close_on", "owner", "next_due"),
    "-created_at", "deal", "A sale in the making, won or lost",
)  # fmt: skip

CONTACT = Entity(
    "contact", "contacts", "contact", "v_contact",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "The person's name; all that is required", "name", search=True, indexed=True, required=True,
              headers=NAME_HEADERS),
        Field("company", Ref("company", create=True), "Company", "Where the person works", "company_id",
              headers=(*COMPANY_HEADERS, "accounts")),
        Field("job_title", Text(), "Job title", "What the person does", "job_title", search=True,
              headers=("title", "job title", "position", "organization 1 - title", "organization 1 title", "organization title",
                       "job position", "designation", "سمت", "عنوان شغلی")),
        EMAIL, PHONE,
        Field("mobile", Phone(INDEXED), "Mobile", "Mobile telephone", "mobile", search=True,
              headers=("mobile phone", "mobile number", "mobile phone number", "mobilephone", "cell", "cell phone", "phone - mobile", "phone 2", "phone 2 - value", "موبایل", "تلفن همراه", "همراه",
                       "شماره همراه", "شماره موبایل")),
        WEBSITE, *ADDRESS,
        Field("birthday", Day(), "Birthday", "Day of birth", "birthday", headers=("birthdate", "date of birth", "birth day", "تاریخ تولد")),
        Field("language", Text(), "Language", "Language to write in", "language", headers=("preferred language", "زبان")),
        OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, LAST_TOUCH, *STAMPS, _merged("contact"), VCARD,
    ),
    ("id", "name", "company", "job_title", "email", "phone", "owner", "tags", "last_touch"),
    "-created_at", "", "A person",
)  # fmt: skip

COMPANY = Entity(
    "company", "companies", "company", "v_company",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "The company's name; all that is required", "name", search=True, indexed=True, required=True,
              headers=(*COMPANY_HEADERS, "company", "نام")),
        Field("parent", Ref("company", create=True), "Parent company", "The company it belongs to", "parent_id",
              headers=("parent company", "parent account", "subsidiary_of", "subsidiary of", "شرکت مادر")),
        Field("domain", Identifier(INDEXED), "Domain", "Internet domain, taken from the website or e-mail when not given", "domain",
              headers=("company domain name", "domain name", "company domain", "primary domain", "دامنه")),
        WEBSITE, EMAIL, PHONE,
        Field("industry", Text(), "Industry", "What it does", "industry", search=True, headers=("sector", "صنعت", "زمینه فعالیت", "حوزه فعالیت")),
        Field("employees", Integer(0), "Employees", "How many people work there", "employees",
              headers=("number of employees", "numberofemployees", "# employees", "no. of employees", "نفرات", "تعداد کارکنان")),
        Field("revenue", Money(), "Annual revenue", "Its revenue a year", "revenue_minor", headers=("annual revenue", "annualrevenue", "umsatz", "درآمد")),
        Field("currency", Currency(), "Currency", "ISO 4217 code of the revenue", "currency",
              headers=("currency code", "currencyisocode", "annual revenue currency", "revenue currency", "ارز", "نوع ارز",
                       "واحد پول", "واحد پولی")),
        *ADDRESS, OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, LAST_TOUCH, *STAMPS, _merged("company"), VCARD,
    ),
    ("id", "name", "domain", "industry", "city", "country", "parent", "owner", "tags", "last_touch"),
    "-created_at", "", "A company or organisation",
)  # fmt: skip

TASK = Entity(
    "task", "tasks", "task", "v_task",
    (
        ID, UID,
        Field("name", Text(INDEXED, "description"), "Name", "What is to be done; all that is required", "name", search=True, indexed=True, required=True,
              headers=("task", "subject", "title", "summary", "task name", "عنوان", "موضوع", "وظیفه", "کار")),
        Field("type", Ref("task_type", words=True, create=True), "Type", "call, email, meeting, to-do, document or your own", "type_id",
              headers=("task type", "activity type", "نوع")),
        Field("due_on", Day(), "Due", "The day it is due", "due_on", ("due",), indexed=True, moment="due_at",
              headers=("due date", "deadline", "activitydate", "due", "سررسید", "تاریخ سررسید", "مهلت")),
        Field("due_at", Instant(), "Due at", "The moment it is due, when a time was given", "due_at", settable=False),
        Field("minutes", Integer(0, 100_000), "Minutes", "How long it takes", "minutes", ("duration",),
              headers=("duration in minutes", "duration minutes", "duration in hours", "duration hours", "duration in seconds",
                       "duration seconds", "call duration", "call duration in seconds", "مدت", "مدت زمان")),
        Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", empty=0, headers=("اولویت",)),
        OWNER,
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person it is about", "contact_id",
              headers=("contact name", "contact person", "مخاطب", "شخص")),
        Field("company", Ref("company"), "Company", "The company it is about", "company_id", headers=COMPANY_HEADERS),
        DESCRIPTION, TAGS, EXTERNAL,
        Field("done_at", Instant(), "Done", "When it was done", "done_at", ("done",), settable=False),
        Field("feedback", LongText(), "Feedback", "What came of it", "feedback", settable=False, search=True),
        *(f for f in STAMPS if f.name != "archived_at"),
    ),
    ("id", "name", "type", "due_on", "due_at", "opportunity", "contact", "company", "owner", "priority"),
    "due_on", "", "Something to do, by a day or a time",
)  # fmt: skip

INTERACTION = Entity(
    "interaction", "interactions", "interaction", "v_interaction",
    (
        ID, UID,
        Field("kind", Choice(*INTERACTION_KINDS), "Kind", "note, call, email, meeting, message, visit", "kind", kept=True),
        Field("at", Instant(), "At", "When it happened", "at", indexed=True, kept=True),
        Field("direction", Choice("in", "out"), "Direction", "in: they to us; out: we to them", "direction"),
        Field("minutes", Integer(0, 100_000), "Minutes", "How long it took", "minutes"),
        Field("body", LongText(), "Text", "What was said or written", "body", ("text", "note"), search=True),
        Field("author", Ref("user", words=True), "Author", "Who wrote it down", "author_id"),
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person", "contact_id"),
        Field("company", Ref("company"), "Company", "The company", "company_id"),
        Field("task", Ref("task"), "Task", "The task it came from", "task_id"),
        EXTERNAL,
        *(f for f in STAMPS if f.name != "archived_at"),
    ),
    ("id", "at", "kind", "body", "opportunity", "contact", "company", "author"),
    "-at", "", "A note, call, e-mail, meeting, message or visit", "note",
)  # fmt: skip

_WORD = (ID, UID, Field("name", Text(INDEXED), "Name", "The word", "name", required=True, indexed=True))
_MADE = tuple(field for field in STAMPS if field.name in ("created_at", "updated_at"))


def _vocabulary(name: str, plural: str, help: str, *extra: Field, columns: tuple[str, ...] = ()) -> Entity:
    return Entity(name, plural, "crm_user" if name == "user" else name, f"v_{name}", (*_WORD, *extra, *_MADE),
                  columns or ("id", "name", *(f.name for f in extra)), "name", "", help)  # fmt: skip


TAG = _vocabulary(
    "tag", "tags", "A free label", Field("colour", Text(), "Colour", "A colour name for terminals", "colour")
)
USER = _vocabulary(
    "user", "users", "Somebody who works with the book",
    Field("full_name", Text(), "Full name", "Name in full", "full_name"),
    Field("email", Email(), "E-mail", "E-mail address", "email"),
    Field("active", Flag(), "Active", "Whether records can be given to them", "active"),
)  # fmt: skip
SOURCE = _vocabulary("source", "sources", "Where leads come from")
MEDIUM = _vocabulary("medium", "mediums", "By which medium leads come")
CAMPAIGN = _vocabulary("campaign", "campaigns", "Which campaign brings leads")
LOST_REASON = _vocabulary("lost_reason", "lost reasons", "Why deals are lost")
TASK_TYPE = _vocabulary("task_type", "task types", "Kinds of task")
PIPELINE = _vocabulary(
    "pipeline",
    "pipelines",
    "A sequence of stages",
    Field("position", Integer(0), "Position", "Order among pipelines", "position", empty=0),
)
STAGE = _vocabulary(
    "stage", "stages", "A step of a pipeline",
    Field("pipeline", Ref("pipeline", words=True), "Pipeline", "The pipeline it belongs to", "pipeline_id", kept=True),
    Field("position", Integer(0), "Position", "Order in the pipeline", "position", empty=0),
    Field("probability", Percent(), "Probability", "Chance to win of a deal in this stage", "probability_bp", empty=0),
    Field("is_won", Flag(), "Won", "Whether a deal here is won", "is_won", ("won",)),
    Field("folded", Flag(), "Folded", "Whether the column is shut when empty", "folded"),
    Field("rot_days", Integer(0, 3650), "Days to rot", "After how many days without a touch a deal is rotting; 0 = never", "rot_days", ("rot",), empty=0),
    Field("requirements", Text(), "Requirements", "What a deal needs to enter", "requirements"),
    Field("removed_at", Instant(), "Removed", "When it was removed; its history stays", "removed_at", settable=False),
)  # fmt: skip
STAGE_MOVE = Entity(
    "stage_move", "stage moves", "stage_move", "v_stage_move",
    (
        ID,
        Field("opportunity", Ref("opportunity"), "Deal", "The lead or deal that moved", "opportunity_id", ("deal",)),
        Field("stage", Ref("stage", words=True), "Stage", "The stage it left", "stage_id"),
        Field("entered_at", Instant(), "Entered", "When it entered the stage", "entered_at"),
        Field("left_at", Instant(), "Left", "When it left the stage", "left_at"),
        Field("seconds", Integer(0), "Seconds", "How long it was there", "seconds"),
    ),
    ("id", "opportunity", "stage", "entered_at", "left_at", "seconds"), "-left_at", "", "A stage that a deal has left",
)  # fmt: skip
SAVED_VIEW = _vocabulary(
    "saved_view", "saved views", "A filter with a name",
    Field("entity", Choice("lead", "deal", "contact", "company", "task"), "For", "The kind of record it lists; empty fits all", "entity"),
    Field("filter", Identifier(), "Filter", "The filter text", "filter"),
    Field("columns", Identifier(), "Columns", "The columns to show", "columns"),
    Field("sort", Identifier(), "Sort", "The order to show them in", "sort"),
)  # fmt: skip

DOCTOR_RULE = _vocabulary(
    "doctor_rule", "doctor rules", "What 'crm doctor' looks for besides its own rules; '-RULE' without a filter: it is switched off",
    Field("entity", Choice("lead", "deal", "contact", "company", "task"), "On", "The kind of record it looks at", "entity", required=True),
    Field("filter", Identifier(), "Filter", "The filter that faulty records fit", "filter", required=True),
    Field("advice", Text(), "Advice", "What to do about them", "advice"),
)  # fmt: skip
CUSTOM_FIELD = _vocabulary(
    "custom_field", "custom fields", "A field of your own",
    Field("entity", Choice("opportunity", "contact", "company", "task"), "Of", "The records that have it; an opportunity is a lead or a deal", "entity", kept=True),
    Field("type", Identifier(), "Type", "What its values are", "type", kept=True),
    Field("label", Text(), "Label", "Its name for people", "label"),
    Field("help", Text(), "Help", "What it is for", "help"),
    Field("options", Identifier(), "Options", "What a choice chooses from, as a JSON list", "options"),
    Field("removed_at", Instant(), "Removed", "When it was removed; its values stay", "removed_at", settable=False),
)  # fmt: skip


def _distinct(table: str, plural: str) -> Entity:
    return Entity(
        f"{table}_distinct", f"distinct {plural}", f"{table}_distinct", f"v_{table}_distinct",
        (
            ID,
            Field("record", Ref(table), "Record", "One of the two", "record_id"),
            Field("other", Ref(table), "Other", "The other one", "other_id"),
            next(field for field in STAMPS if field.name == "created_at"),
        ),
        ("id", "record", "other", "created_at"), "-created_at", "", f"Two {plural} that are not the same, as somebody said",
    )  # fmt: skip


DISTINCT = tuple(
    _distinct(*names) for names in (("company", "companies"), ("contact", "people"), ("opportunity", "leads or deals"))
)

#: The kinds of record that people list, show, edit and import, in the order in which they are documented.
RECORDS = {e.name: e for e in (LEAD, DEAL, CONTACT, COMPANY, TASK, INTERACTION)}
ENTITIES = RECORDS | {
    e.name: e
    for e in (
        TAG, USER, SOURCE, MEDIUM, CAMPAIGN, LOST_REASON, TASK_TYPE, PIPELINE, STAGE, STAGE_MOVE, SAVED_VIEW,
        DOCTOR_RULE, CUSTOM_FIELD, *DISTINCT,
    )
}  # fmt: skip


def record_kind(word: str) -> Entity | None:
    """The kind of record that a word before a colon names: `deal:12`, `note:7`."""
    return RECORDS.get(word) or next((e for e in RECORDS.values() if e.noun == word), None)


def entity(name: str) -> Entity:
    """The entity of that name, plural or noun; UsageError with a suggestion otherwise."""
    found = ENTITIES.get(name) or record_kind(name) or next((e for e in ENTITIES.values() if e.plural == name), None)
    if found is None:
        raise UsageError(
            f"there is no kind of record called '{name}'", hint=suggest(name, RECORDS) or f"known: {', '.join(RECORDS)}"
        )
    return found
