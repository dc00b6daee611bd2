"""The fields that several kinds of record have."""

from __future__ import annotations

from crmcli.domain.fields import Field
from crmcli.domain.types import (
    INDEXED,
    Email,
    ExternalId,
    Identifier,
    Instant,
    Integer,
    LongText,
    Phone,
    Ref,
    Tags,
    Text,
    Url,
)

PRIORITIES = ("none", "low", "medium", "high")
#: Fields that are for machines: a person who looks at a record is not shown them unasked.
UNSEEN = frozenset(
    (
        "uid",
        "probability_manual",
        "position",
        "next_due_on",
        "next_due_at",
        "vcard",
        "ical",
        "series_time",
        "series_zone",
        "series_skips",
    )
)
#: Columns that nobody is shown when they change: digests of secrets.
WITHHELD = frozenset(("token_hash",))
STATUSES = ("open", "won", "lost")
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


def touches(word: str, stands: str = "") -> tuple[Field, ...]:
    """What is known of the last time that one heard of the other; `word` is the SQL of the last word, `stands` of
    whether it, as `i`, still is somebody's turn (see `turns`)."""
    also = f" and {stands}" if stands else ""
    return *_LAST, *(
        Field(
            name, Instant(), label, meaning, settable=False,
            expr=f"(select i.at from interaction i where i.id = {word} and i.direction = '{side}'{also})",
        )
        for name, label, meaning, side in (
            ("owed_since", "Owed since", "When they wrote what nobody has answered", "in"),
            ("waiting_since", "Waiting since", "When we wrote what they have not answered", "out"),
        )
    )  # fmt: skip


_LAST = (
    Field("last_touch", Instant(), "Last touch", "The last interaction with it", "last_touch", settable=False, derived=True, indexed=True),
    Field("last_in", Instant(), "Last from them", "When they last wrote, called or met us", "last_in", settable=False, derived=True),
    Field("last_out", Instant(), "Last from us", "When we last wrote to, called or met them", "last_out", settable=False, derived=True),
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


def merged(entity: str) -> Field:
    return Field(
        "merged_into", Ref(entity), "Merged into", "The record that it is one with since a merge", "merged_into_id",
        settable=False,
    )  # fmt: skip


NAME_HEADERS = ("full name", "contact name", "customer", "display name", "نام", "نام و نام خانوادگی", "نام کامل")
COMPANY_HEADERS = (
    "company name", "organization", "organisation", "account", "account name", "organization 1 - name", "company / account",
    "organization name", "organisation name", "associated company", "primary associated company", "related account",
    "partner_name", "employer", "شرکت", "نام شرکت", "سازمان", "نام سازمان",
)  # fmt: skip
