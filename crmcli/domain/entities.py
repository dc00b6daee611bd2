"""The nouns: lead, deal, contact, company, task, interaction, and the small vocabularies around them."""

from __future__ import annotations

from crmcli.domain.fields import Entity, Field, suggest
from crmcli.domain.types import (
    Choice,
    Currency,
    Day,
    Email,
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
STATUSES = ("open", "won", "lost")
INTERACTION_KINDS = ("note", "call", "email", "meeting", "message", "visit", "task", "document")
PLANS = {"monthly": 1, "quarterly": 3, "yearly": 12, "3 years": 36, "5 years": 60}

ID = Field("id", Integer(1), "ID", "Short number, for fingers", "id", settable=False, indexed=True, headers=("crm id",))
UID = Field("uid", Identifier(), "UUID", "Time-ordered UUID, for machines", "uid", settable=False, headers=("uuid",))
OWNER = Field(
    "owner",
    Ref("user", words=True, create=True),
    "Owner",
    "Who looks after it",
    "owner_id",
    headers=(
        "salesperson", "sales agent", "sales_agent", "assigned to", "account owner", "deal owner", "contact owner",
        "lead owner", "company owner", "user", "مسئول", "کارشناس فروش", "مالک",
    ),
)  # fmt: skip
TAGS = Field(
    "tags", Tags(), "Tags", "Free labels", aliases=("tag",), headers=("labels", "categories", "برچسب", "برچسب ها")
)
EMAIL = Field(
    "email",
    Email(),
    "E-mail",
    "E-mail address",
    "email",
    search=True,
    headers=(
        "e-mail", "email address", "e-mail address", "e-mail 1 - value", "primary email", "email 1", "work email",
        "mail", "ایمیل", "پست الکترونیک", "رایانامه",
    ),
)  # fmt: skip
PHONE = Field(
    "phone",
    Phone(),
    "Phone",
    "Telephone, kept as typed and compared in E.164",
    "phone",
    search=True,
    headers=(
        "phone number", "telephone", "tel", "phone 1 - value", "business phone", "work phone", "phone 1", "company phone",
        "تلفن", "شماره تلفن", "شماره تماس", "شماره",
    ),
)  # fmt: skip
WEBSITE = Field(
    "website", Url(), "Website", "Web address", "website",
    headers=("web", "url", "web page", "website url", "homepage", "web page 1", "وب سایت", "سایت"),
)  # fmt: skip
ADDRESS = (
    Field("street", Text(), "Street", "Street and number", "street",
          headers=("address", "street address", "billingstreet", "mailingstreet", "business street", "home address", "work address", "نشانی", "آدرس")),
    Field("city", Text(), "City", "City", "city", search=True,
          headers=("town", "billingcity", "mailingcity", "business city", "home city", "work city", "شهر")),
    Field("region", Text(), "Region", "State, province or region", "region",
          headers=("state", "state/region", "province", "billingstate", "mailingstate", "business state", "home state", "work state", "استان")),
    Field("postal_code", Text(), "Postal code", "Postal code, leading zeros kept", "postal_code", aliases=("zip",),
          headers=("postal code", "zip", "zip code", "postcode", "postalcode", "billingpostalcode", "mailingpostalcode", "home zipcode", "work zipcode", "business postal code", "کد پستی", "کدپستی")),
    Field("country", Text(), "Country", "Country", "country",
          headers=("country/region", "billingcountry", "mailingcountry", "business country/region", "home country", "work country", "کشور")),
)  # fmt: skip
ORIGIN = (
    Field("source", Ref("source", words=True, create=True), "Source", "Where it came from: web, referral, fair",
          "source_id", headers=("lead source", "leadsource", "original source", "منبع")),
    Field("medium", Ref("medium", words=True, create=True), "Medium", "By which medium: email, ads, phone", "medium_id",
          headers=("utm_medium", "رسانه")),
    Field("campaign", Ref("campaign", words=True, create=True), "Campaign", "Which campaign brought it", "campaign_id",
          headers=("utm_campaign", "primary campaign source", "کمپین")),
)  # fmt: skip
DESCRIPTION = Field(
    "description", LongText(), "Description", "What to know about it", "description", search=True,
    headers=("notes", "comments", "note", "about", "توضیحات", "شرح", "یادداشت"),
)  # fmt: skip
EXTERNAL = Field(
    "external_id", Identifier(), "External id", "Its id in the system it was imported from", "external_id", indexed=True,
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

MONEY_HEADERS = (
    "amount", "expected revenue", "deal value", "opportunity value", "close_value", "close value", "price", "sum",
    "deal amount", "مبلغ", "ارزش", "مبلغ معامله",
)  # fmt: skip

_OPPORTUNITY_MIDDLE = (
    Field("status", Choice(*STATUSES), "Status", "open, won or lost", "status", settable=False),
    Field("stage", Ref("stage", words=True), "Stage", "Where it stands in its pipeline", "stage_id",
          headers=("deal stage", "deal_stage", "stagename", "stage name", "pipeline stage", "lead status", "مرحله")),
    Field("pipeline", Ref("pipeline", words=True), "Pipeline", "Which pipeline it is in", "pipeline_id", headers=("deal pipeline", "خط فروش")),
    OWNER,
    Field("value", Money(), "Value", "Expected revenue, in the record's currency", "value_minor", ("amount",), MONEY_HEADERS, indexed=True),
    Field("currency", Currency(), "Currency", "ISO 4217 code of value and recurring", "currency", headers=("currency code", "currencyisocode", "ارز", "واحد پول")),
    Field("probability", Percent(), "Probability", "Chance to win in percent; typing one keeps it, clearing it makes it automatic",
          "probability_bp", headers=("deal probability", "probability (%)", "win probability", "احتمال")),
    Field("probability_manual", Flag(), "Hand-set", "Whether the probability was set by hand", "probability_manual", settable=False),
    Field("weighted", Money(), "Weighted", "value x probability", settable=False,
          expr="(t.value_minor / 10000 * t.probability_bp + (t.value_minor % 10000 * t.probability_bp + 5000) / 10000)"),
    Field("close_on", Day(), "Close date", "When it is expected to be won", "close_on", ("close",), indexed=True,
          headers=("close date", "closedate", "expected close date", "expected closing", "close_date", "تاریخ بستن")),
    Field("recurring", Money(), "Recurring", "Recurring revenue for each plan period", "recurring_minor", headers=("recurring revenue",)),
    Field("plan", Choice(*PLANS), "Plan", "How often the recurring revenue comes", "plan", headers=("recurring plan",)),
    Field("mrr", Money(), "MRR", "Monthly recurring revenue", settable=False,
          expr="(t.recurring_minor / (case t.plan when 'yearly' then 12 when 'quarterly' then 3 when '3 years' then 36 when '5 years' then 60 else 1 end))"),
    *ORIGIN,
    Field("referred_by", Text(), "Referred by", "Who sent them", "referred_by", headers=("referrer",)),
    Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", headers=("اولویت",)),
    Field("lost_reason", Ref("lost_reason", words=True, create=True), "Lost reason", "Why it was lost", "lost_reason_id",
          settable=False, headers=("closed lost reason",)),
)  # fmt: skip

_OPPORTUNITY_TAIL = (
    EMAIL,
    PHONE,
    Field(
        "job_title",
        Text(),
        "Job title",
        "What the person does",
        "job_title",
        headers=("title", "job title", "position", "سمت", "عنوان شغلی"),
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
    "employer", "شرکت", "نام شرکت", "سازمان",
)  # fmt: skip

LEAD = Entity(
    "lead", "leads", "opportunity", "v_lead",
    (
        ID, UID,
        Field("name", Text(), "Name", "The person or the subject; all that is required", "name", search=True, indexed=True,
              required=True, headers=("lead name", "lead", *NAME_HEADERS)),
        Field("company", Text(), "Company", "The company's name, as given", "company_name", search=True, headers=COMPANY_HEADERS),
        Field("contact_name", Text(), "Contact name", "The person, when the name is a subject", "contact_name", search=True),
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL,
    ),
    ("id", "name", "company", "stage", "value", "currency", "owner", "source", "tags", "created_at"),
    "-created_at", "lead", "Somebody who may become a customer",
)  # fmt: skip

DEAL = Entity(
    "deal", "deals", "opportunity", "v_deal",
    (
        ID, UID,
        Field("name", Text(), "Name", "What the deal is about; all that is required", "name", search=True, indexed=True, required=True,
              headers=("deal name", "deal", "opportunity", "opportunity name", "title", "subject", "opportunity_id", "نام معامله", "عنوان")),
        Field("company", Ref("company", create=True), "Company", "The customer's company", "company_id", headers=COMPANY_HEADERS),
        Field("contact", Ref("contact", create=True), "Contact", "The person to talk to", "contact_id",
              headers=("contact person", "associated contact", "primary contact", "مخاطب")),
        Field("company_name", Text(), "Company as given", "The company's name on the lead it came from", "company_name", search=True, settable=False),
        Field("contact_name", Text(), "Contact as given", "The person's name on the lead it came from", "contact_name", search=True, settable=False),
        *_OPPORTUNITY_MIDDLE, *_OPPORTUNITY_TAIL,
    ),
    ("id", "name", "company", "stage", "value", "currency", "probability", "close_on", "owner", "next_due"),
    "-created_at", "deal", "A sale in the making, won or lost",
)  # fmt: skip

CONTACT = Entity(
    "contact", "contacts", "contact", "v_contact",
    (
        ID, UID,
        Field("name", Text(), "Name", "The person's name; all that is required", "name", search=True, indexed=True, required=True,
              headers=NAME_HEADERS),
        Field("company", Ref("company", create=True), "Company", "Where the person works", "company_id", headers=COMPANY_HEADERS),
        Field("job_title", Text(), "Job title", "What the person does", "job_title", search=True,
              headers=("title", "job title", "position", "organization 1 - title", "organization 1 title", "سمت", "عنوان شغلی")),
        EMAIL, PHONE,
        Field("mobile", Phone(), "Mobile", "Mobile telephone", "mobile", search=True,
              headers=("mobile phone", "mobile number", "mobile phone number", "mobilephone", "cell", "cell phone", "phone 2", "phone 2 - value", "موبایل", "تلفن همراه", "همراه")),
        WEBSITE, *ADDRESS,
        Field("birthday", Day(), "Birthday", "Day of birth", "birthday", headers=("birthdate", "date of birth", "birth day", "تاریخ تولد")),
        Field("language", Text(), "Language", "Language to write in", "language", headers=("preferred language", "زبان")),
        OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, LAST_TOUCH, *STAMPS,
    ),
    ("id", "name", "company", "job_title", "email", "phone", "owner", "tags", "last_touch"),
    "-created_at", "", "A person",
)  # fmt: skip

COMPANY = Entity(
    "company", "companies", "company", "v_company",
    (
        ID, UID,
        Field("name", Text(), "Name", "The company's name; all that is required", "name", search=True, indexed=True, required=True,
              headers=(*COMPANY_HEADERS, "company", "نام")),
        Field("parent", Ref("company", create=True), "Parent company", "The company it belongs to", "parent_id",
              headers=("parent company", "parent account", "subsidiary_of", "subsidiary of", "شرکت مادر")),
        Field("domain", Identifier(), "Domain", "Internet domain, taken from the website or e-mail when not given", "domain",
              headers=("company domain name", "domain name", "company domain", "دامنه")),
        WEBSITE, EMAIL, PHONE,
        Field("industry", Text(), "Industry", "What it does", "industry", search=True, headers=("sector", "صنعت")),
        Field("employees", Integer(0), "Employees", "How many people work there", "employees",
              headers=("number of employees", "numberofemployees", "نفرات", "تعداد کارکنان")),
        Field("revenue", Money(), "Annual revenue", "Its revenue a year", "revenue_minor", headers=("annual revenue", "annualrevenue", "درآمد")),
        Field("currency", Currency(), "Currency", "ISO 4217 code of the revenue", "currency", headers=("currency code",)),
        *ADDRESS, OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, LAST_TOUCH, *STAMPS,
    ),
    ("id", "name", "domain", "industry", "city", "country", "parent", "owner", "tags", "last_touch"),
    "-created_at", "", "A company or organisation",
)  # fmt: skip

TASK = Entity(
    "task", "tasks", "task", "v_task",
    (
        ID, UID,
        Field("name", Text(), "Name", "What is to be done; all that is required", "name", search=True, indexed=True, required=True,
              headers=("task", "subject", "title", "summary", "task name", "عنوان", "وظیفه", "کار")),
        Field("type", Ref("task_type", words=True, create=True), "Type", "call, email, meeting, to-do, document or your own", "type_id",
              headers=("task type", "activity type", "نوع")),
        Field("due_on", Day(), "Due", "The day it is due", "due_on", ("due",), indexed=True,
              headers=("due date", "deadline", "activitydate", "due", "سررسید", "مهلت")),
        Field("due_at", Instant(), "Due at", "The moment it is due, when a time was given", "due_at", settable=False),
        Field("minutes", Integer(0, 100_000), "Minutes", "How long it takes", "minutes", ("duration",)),
        Field("priority", Choice(*PRIORITIES, numbers=True), "Priority", "none, low, medium or high", "priority", headers=("اولویت",)),
        OWNER,
        Field("opportunity", Ref("opportunity"), "Lead or deal", "The lead or deal it belongs to", "opportunity_id", ("lead", "deal")),
        Field("contact", Ref("contact"), "Contact", "The person it is about", "contact_id", headers=("contact name", "مخاطب")),
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
        Field("kind", Choice(*INTERACTION_KINDS), "Kind", "note, call, email, meeting, message, visit", "kind"),
        Field("at", Instant(), "At", "When it happened", "at", indexed=True),
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
    "-at", "", "A note, call, e-mail, meeting, message or visit",
)  # fmt: skip

_WORD = (ID, UID, Field("name", Text(), "Name", "The word", "name", required=True, indexed=True))
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
    Field("position", Integer(0), "Position", "Order among pipelines", "position"),
)
STAGE = _vocabulary(
    "stage", "stages", "A step of a pipeline",
    Field("pipeline", Ref("pipeline", words=True), "Pipeline", "The pipeline it belongs to", "pipeline_id"),
    Field("position", Integer(0), "Position", "Order in the pipeline", "position"),
    Field("probability", Percent(), "Probability", "Chance to win of a deal in this stage", "probability_bp"),
    Field("is_won", Flag(), "Won", "Whether a deal here is won", "is_won", ("won",)),
    Field("folded", Flag(), "Folded", "Whether the column is shut when empty", "folded"),
    Field("rot_days", Integer(0, 3650), "Days to rot", "After how many days without a touch a deal is rotting; 0 = never", "rot_days", ("rot",)),
    Field("requirements", Text(), "Requirements", "What a deal needs to enter", "requirements"),
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

#: The kinds of record that people list, show, edit and import, in the order in which they are documented.
RECORDS = {e.name: e for e in (LEAD, DEAL, CONTACT, COMPANY, TASK, INTERACTION)}
ENTITIES = RECORDS | {
    e.name: e
    for e in (TAG, USER, SOURCE, MEDIUM, CAMPAIGN, LOST_REASON, TASK_TYPE, PIPELINE, STAGE, STAGE_MOVE, SAVED_VIEW)
}


def entity(name: str) -> Entity:
    """The entity of that name or plural; UsageError with a suggestion otherwise."""
    found = ENTITIES.get(name) or next((e for e in ENTITIES.values() if e.plural == name), None)
    if found is None:
        raise UsageError(
            f"there is no kind of record called '{name}'", hint=suggest(name, RECORDS) or f"known: {', '.join(RECORDS)}"
        )
    return found
