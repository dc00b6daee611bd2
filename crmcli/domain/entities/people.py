"""People and companies."""

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
    STAMPS,
    TAGS,
    UID,
    VCARD,
    WEBSITE,
    merged,
    touches,
)
from crmcli.domain.entities.turns import LAST_WORD, LAST_WORD_OF_COMPANY, STANDS
from crmcli.domain.fields import Entity, Field
from crmcli.domain.types import INDEXED, Birthday, Currency, Day, Identifier, Integer, Money, Phone, Ref, Rhythm, Text

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
        Field("birthday", Birthday(), "Birthday", "Day of birth", "birthday", headers=("birthdate", "date of birth", "birth day", "تاریخ تولد")),
        Field("language", Text(), "Language", "Language to write in", "language", headers=("preferred language", "زبان")),
        OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, Field("rhythm", Rhythm(), "Rhythm", "After how many days without a touch one is due", "rhythm_days"),
        Field("touch_from", Day(), "Touch from", "No touch is due before that day", "touch_from"),
        *touches(LAST_WORD, STANDS), *STAMPS, merged("contact"), VCARD,
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
        *ADDRESS, OWNER, *ORIGIN, DESCRIPTION, TAGS, EXTERNAL, Field("rhythm", Rhythm(), "Rhythm", "After how many days without a touch one is due", "rhythm_days"),
        Field("touch_from", Day(), "Touch from", "No touch is due before that day", "touch_from"),
        *touches(LAST_WORD_OF_COMPANY, STANDS), *STAMPS, merged("company"), VCARD,
    ),
    ("id", "name", "domain", "industry", "city", "country", "parent", "owner", "tags", "last_touch"),
    "-created_at", "", "A company or organisation",
)  # fmt: skip
