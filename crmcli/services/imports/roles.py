"""What a column of a file may fill besides the fields that verbs set: its roles, in one table, and the fields that an
import alone takes over."""

from __future__ import annotations

from typing import NamedTuple

from crmcli.domain.entities import COMPANY, CONTACT, DEAL, INTERACTION, LEAD, TASK
from crmcli.domain.types import Ref
from crmcli.services.imports.activity_titles import ADDRESSES, HEADLINES, NUMBERS, START_TIMES, THEMES, TOPICS

#: The kinds of which files hold records.
KINDS = (CONTACT, LEAD, DEAL, COMPANY, TASK, INTERACTION)
#: Parts of a name, further addresses, and other ways to name a link.
FIRST, MIDDLE, LAST = "first name", "middle name", "last name"
#: What somebody is called where the row has no name: a nickname, the words that an address book sorts by.
STAND_IN = "name stand-in"
MORE_EMAIL, MORE_PHONE = "more e-mail", "more phone"
COMPANY_DOMAIN, CONTACT_EMAIL = "company domain", "contact e-mail"
#: How the person is reached with whom something happened or is to be done, in a column that does not say whose it is.
PERSON_EMAIL, PERSON_PHONE = "e-mail of a person", "phone of a person"
#: What tells of a person by how they are reached.
REACHED_BY = (CONTACT_EMAIL, PERSON_EMAIL, PERSON_PHONE)
#: Columns of yes and no that say what became of a deal, as Salesforce and Odoo have them.
IS_WON, IS_CLOSED, ACTIVE = "is won", "is closed", "is active"
#: Whether a task is done, as a flag or a word: Completed, Not started.
IS_DONE = "is done"
#: Whether the other program had deleted the record, as Salesforce and SuiteCRM say it of every row.
IS_DELETED = "is deleted"
#: The roles that have a yes and a no.
YES_OR_NO = frozenset((IS_WON, IS_CLOSED, ACTIVE, IS_DONE, IS_DELETED))
#: Whether somebody in a list of people is a lead there, by the id: a member of a campaign of Salesforce's.
OF_LEAD = "id of a lead or contact"
#: Whether a row is a lead or a deal, as Odoo says it of each.
KIND_OF_ROW = "lead or deal"
#: How often the value of a deal comes, as Close has it: one_time, monthly, annual.
PERIOD = "value period"
#: The parts of a day of birth, as Thunderbird has them; the day is that of the month.
BIRTH_YEAR, BIRTH_MONTH, BIRTH_DAY = "birth year", "birth month", "birth day"
BIRTH = (BIRTH_YEAR, BIRTH_MONTH, BIRTH_DAY)
#: A yearly day beside the birthday; and the days of the year of a record as files of our own and vCards have them.
ANNIVERSARY, OCCASIONS = "anniversary", "occasions"
#: The time of day beside the day that a task is due or that something happened, the number of the house beside its
#: street, and which telephone the number in the column beside it is: Mobile, Work.
DUE_TIME, AT_TIME, HOUSE, PHONE_LABEL = "due time", "time of day", "house number", "phone label"
#: What something that happened was about, beside its text.
SUBJECT = "subject"
#: What stands below the street: a second and third line of it, a box; and the whole address in one text, which stands
#: in where its parts do not say it.
STREET_2, STREET_3, BOX, WHOLE_ADDRESS = "street 2", "street 3", "po box", "whole address"
BESIDE_STREET = (STREET_2, STREET_3, BOX)
#: A status in another program's words: those that say neither won nor lost are open.
ANY_STATUS = "status, others open"
#: The id of a linked record in the other program: Contact.AccountId. `RELATED_ID` may be that of any record (WhatId).
COMPANY_ID, CONTACT_ID, PARENT_ID = "company id", "contact id", "parent id"
LEAD_ID, DEAL_ID, RELATED_ID = "lead id", "deal id", "related id"
#: The name of whatever a task or something that happened is about: of a lead or deal, or of any other record.
RELATED = "related to"
#: The parts of the name of a deal's person.
CONTACT_FIRST, CONTACT_LAST = "contact first name", "contact last name"
#: The uid of a linked record, as `export --lossless` writes it beside the record's name: by link the role.
LINK_UIDS = {name: f"{name}_uid" for name in ("company", "contact", "parent", "opportunity", "task")}

#: What tasks are tied to each other by: the uid of the task behind each such link, and what they need, in one cell.
TASK_UIDS = {
    field.name: f"{field.name}_uid"
    for field in TASK.core
    if isinstance(field.type, Ref) and field.type.entity == "task"
}
NEEDS = "needs"


class Role(NamedTuple):
    """What is known of a role: by which `titles` its columns are recognised, the nearest first, and in files of which
    `kinds` (none for a role that other modules find, or people name by hand). `link` is the one that the ids in its
    columns fill, "" for any; None where they have no ids of linked records."""

    kinds: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    link: str | None = None


_PEOPLE, _SALES, _PLACED = ("lead", "contact"), ("lead", "deal"), ("lead", "deal", "contact", "company")
#: Of two roles for one title in files of one kind the later one counts.
ROLES = {
    FIRST: Role(
        _PEOPLE,
        ("first name", "given name", "forename", "first", "نام کوچک", "vorname", "prénom", "primer nombre", "adı"),
    ),
    MIDDLE: Role(
        _PEOPLE,
        (
            "middle name", "additional name", "middle", "weitere vornamen", "zweiter vorname", "deuxième prénom",
            "segundo nombre", "ikinci ad",
        ),
    ),
    LAST: Role(
        _PEOPLE,
        (
            "last name", "family name", "surname", "last", "نام خانوادگی", "فامیلی", "nachname", "familienname",
            "nom de famille", "apellidos", "apellido", "soyad", "soyadı", "soyisim",
        ),
    ),
    CONTACT_FIRST: Role(
        ("deal", "interaction"),
        ("first name", "contact first name", "person first name", "vorname", "prénom", "نام کوچک"),
    ),
    CONTACT_LAST: Role(
        ("deal", "interaction"),
        (
            "last name", "contact last name", "person last name", "nachname", "nom de famille", "apellidos", "soyad",
            "soyadı", "نام خانوادگی",
        ),
    ),
    COMPANY_DOMAIN: Role(("contact", "deal"), ("associated company domain", "company domain")),
    CONTACT_EMAIL: Role(
        ("deal", "task", "interaction"), ("associated contact email", "contact email", "primary contact email")
    ),
    PERSON_EMAIL: Role(("task", "interaction"), ADDRESSES),
    PERSON_PHONE: Role(("interaction",), NUMBERS),
    IS_WON: Role(_SALES, ("is won", "is closed won", "won", "برنده")),
    IS_CLOSED: Role(_SALES, ("is closed", "closed")),
    ACTIVE: Role(_SALES, ("active", "is active")),
    IS_DONE: Role(
        ("task",),
        (
            "done", "is done", "completed", "is completed", "complete", "percent complete", "status", "erledigt",
            "abgeschlossen", "statut", "terminé", "terminée", "fait", "faite", "estado", "estatus", "hecho", "hecha",
            "completado", "completada", "terminado", "terminada", "durum", "durumu", "tamamlandı", "bitti", "yapıldı",
            "انجام شده", "انجام شد", "تکمیل شده", "وضعیت", "درصد تکمیل", "درصد پیشرفت",
        ),
    ),
    OF_LEAD: Role(("contact",), ("lead or contact id",)),
    IS_DELETED: Role(
        tuple(kind.name for kind in KINDS),
        ("is deleted", "deleted", "gelöscht", "supprimé", "eliminado", "silindi", "حذف شده"),
    ),
    PERIOD: Role(_SALES, ("value period",)),
    BIRTH_YEAR: Role(
        ("contact",),
        (
            "birth year", "year of birth", "geburtsjahr", "année de naissance", "año de nacimiento", "doğum yılı",
            "سال تولد",
        ),
    ),
    BIRTH_MONTH: Role(
        ("contact",),
        (
            "birth month", "month of birth", "geburtsmonat", "mois de naissance", "mes de nacimiento", "doğum ayı",
            "mois", "ماه تولد",
        ),
    ),
    BIRTH_DAY: Role(
        ("contact",), ("day of birth", "jour de naissance", "día de nacimiento", "jour", "روز تولد")
    ),
    ANNIVERSARY: Role(
        ("contact",),
        (
            "anniversary", "wedding anniversary", "wedding day", "wedding date", "hochzeitstag", "jahrestag",
            "anniversaire de mariage", "aniversario de bodas", "evlilik yıldönümü", "سالگرد ازدواج", "سالگرد",
        ),
    ),
    OCCASIONS: Role(("contact", "company"), ("occasions",)),
    DUE_TIME: Role(
        ("task",),
        (
            "due time", "fällig um", "fälligkeitszeit", "heure d'échéance", "heure limite", "hora de vencimiento",
            "hora límite", "son saat", "ساعت سررسید", "زمان سررسید", "ساعت موعد", "زمان موعد", "time", "uhrzeit",
            "heure", "hora", "saat", "ساعت", "zeit", "horaire", "horario", "saati", "zaman", "زمان", *START_TIMES,
        ),
    ),
    # Titles of moments whose cells are times alone are this as well (`recognising`).
    AT_TIME: Role(("interaction",), ("time of day", "at time", "ساعت")),
    SUBJECT: Role(("interaction",), (*THEMES, *HEADLINES, *TOPICS)),
    HOUSE: Role(
        _PLACED,
        ("house number", "house number of address", "house no", "street number", "hausnummer", "پلاک"),
    ),
    STREET_2: Role(
        _PLACED,
        (
            "street 2", "address line 2", "address 2", "street address 2", "street address line 2", "extended address",
            "adresszusatz", "adresszeile 2", "complément d'adresse", "complément adresse", "complemento",
            "complemento de dirección",
        ),
    ),
    STREET_3: Role(
        _PLACED,
        (
            "street 3", "address line 3", "street address 3", "street address line 3", "address 3", "adresszeile 3",
            "adresszusatz 2", "complément d'adresse 2",
        ),
    ),
    BOX: Role(
        _PLACED,
        (
            "po box", "post office box", "postfach", "boîte postale", "apartado postal", "apartado de correos",
            "posta kutusu", "صندوق پستی",
        ),
    ),
    COMPANY_ID: Role(
        ("lead", "deal", "contact", "task", "interaction"),
        (
            "account id", "company id", "organization id", "organisation id", "org id", "associated company id",
            "associated company ids", "primary associated company id", "account name id", "company record id",
            "org id value", "sales account id", "کد شرکت", "شناسه شرکت",
        ),
        "company",
    ),
    CONTACT_ID: Role(
        ("deal", "task", "interaction"),
        (
            "contact id", "person id", "associated contact id", "associated contact ids", "contact name id",
            "primary contact id", "person id value", "کد مخاطب", "شناسه مخاطب",
        ),
        "contact",
    ),
    PARENT_ID: Role(
        ("company",),
        (
            "parent id", "parent account id", "parent company id", "parent company ids", "parent organization id",
            "parent account id id",
        ),
        "parent",
    ),
    DEAL_ID: Role(
        ("task", "interaction"),
        ("deal id", "opportunity id", "associated deal id", "associated deal ids", "شناسه معامله"),
        "opportunity",
    ),
    LEAD_ID: Role(("task", "interaction"), ("lead id", "associated lead id", "شناسه سرنخ"), "opportunity"),
    RELATED: Role(("task", "interaction"), ("related to", "regarding", "bezug", "se rapporte à", "مرتبط با")),
    RELATED_ID: Role(("task", "interaction"), ("who id", "what id", "related to id", "regarding id"), ""),
    NEEDS: Role(
        ("task",),
        (
            "needs", "depends on", "dependencies", "predecessors", "hängt ab von", "voraussetzungen", "dépend de",
            "depende de", "پیش نیاز", "پیش نیازها", "وابسته به",
        ),
    ),
    **{role: Role(("task",), (role,)) for role in TASK_UIDS.values()},
    **dict.fromkeys(
        (
            MORE_EMAIL, MORE_PHONE, PHONE_LABEL, ANY_STATUS, WHOLE_ADDRESS, STAND_IN, KIND_OF_ROW,
            *LINK_UIDS.values(),
        ),
        Role(),
    ),
}  # fmt: skip
#: The roles of ids of linked records -> the link that they fill, "" for any.
FOREIGN = {name: role.link for name, role in ROLES.items() if role.link is not None}
#: Fields that several columns may fill together, one in each row: a deal is either won or lost, a task is about a lead
#: or about a deal.
TOGETHER = frozenset(("closed_at", "opportunity"))
#: What the program keeps of a task beside what people set: files of our own alone have it, and all of it comes along.
OF_TASKS = frozenset(
    field.name
    for field in TASK.core
    if field.column and not (field.settable or field.derived) and field.name not in ("id", "removed_at", *TASK_UIDS)
)
#: Fields that no verb may set, but that an import takes over, so that a book can move house without loss.
TAKEN_OVER = OF_TASKS | frozenset(
    (
        "uid", "status", "probability_manual", "probability_kept", "lost_reason", "stage_since", "assigned_at",
        "converted_at", "closed_at", "position",
        "created_at", "updated_at", "archived_at", "company_name", "contact_name", "due_at", "done_at", "feedback",
        "vcard",
    )
)  # fmt: skip
