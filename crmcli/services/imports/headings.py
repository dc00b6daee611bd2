"""What other programs write above their columns: for fields, beside the field's own names, and for their ids. (`roles`
has the titles of columns that fill no field, `activity_titles` those of tasks and of what happened.)"""

from __future__ import annotations

import re
from functools import cache

from crmcli.domain.text import fold
from crmcli.services.imports import activity_titles
from crmcli.services.imports.titles import WHOSE, own_forms, squeeze

#: Further titles of fields, the nearest first.
FIELDS = {
    "status": ("status type", "deal state", "opportunity state", "وضعیت"),
    "created_at": (
        "create date", "created date", "created on", "date created", "date added", "created time", "created at",
        "creation date", "add time", "deal created", "person created", "organization created", "engage date",
        "date entered", "تاریخ ایجاد", "تاریخ ثبت",
    ),
    "updated_at": (
        "last modified date", "modified date", "last modified", "modified on", "modified time", "modified at",
        "last modified time", "update time", "updated on", "last updated", "write date",
        "date modified", "تاریخ ویرایش", "تاریخ تغییر", "آخرین تغییر",
    ),
    "closed_at": (
        "closed date", "closed on", "closed time", "close time", "won time", "lost time", "date won", "date lost",
        "date closed", "deal closed on", "actual close date", "actual close", "تاریخ انجام",
    ),
    "rhythm": ("keep in touch", "contact frequency", "ریتم", "فاصله تماس"),
    "referred_by": ("معرف",),
    "job_title": ("contact title", "function", "job title 1"),
    "phone": ("phones", "work number", "tel 1", "telefon 1", "téléphone 1", "teléfono 1", "تلفن 1"),
    "mobile": ("mobile 1", "mob", "mob no", "mobil 1", "handy 1"),
    "stage": ("status reason",),
    "value": (
        "total", "order total", "grand total", "total amount", "total value", "net amount", "amount net", "net value",
        "value net", "total contract value", "tcv", "annual contract value", "acv", "bid amount", "bid value",
    ),
    "recurring": ("mrr", "monthly recurring revenue", "amount per month", "value per month"),
    "close_on": ("anticipated closed date", "anticipated close date", "تاریخ بسته شدن"),
    "company": (
        "orgname", "primary company", "companies", "company 1", "default address company", "org id name",
        "related company", "sales account", "sales account name", "primary account", "شرکت",
    ),
    "contact": ("person id name", "associated contact", "associated contacts"),
    "owner": ("responsible", "responsible person", "responsible user", "assignee", "owner id", "owner id name"),
    "birthday": ("birth date",),
    "opportunity": (
        "opportunity name", "deal name", "deal title", "lead title", "associated deal", "associated lead", "معامله",
        "فرصت فروش", "سرنخ",
    ),
}  # fmt: skip
#: Titles in German, French, Spanish and Turkish, and further Persian ones, the nearest first; those of people, firms
#: and sales stand below.
_SPOKEN: dict[str, tuple[str, ...]] = {
    "company": (
        "firma", "firmenname", "unternehmen", "name des unternehmens", "name der firma", "société", "nom de la société",
        "entreprise", "nom de l'entreprise", "raison sociale", "compte", "empresa", "nombre de la empresa",
        "razón social", "compañía", "organización", "şirket", "şirket adı", "firma adı",
        "şirket ünvanı", "firma ünvanı", "kurum", "kuruluş",
    ),
    "email": (
        "e-mail-adresse", "mailadresse", "adresse e-mail", "adresse mail", "adresse de messagerie", "courriel",
        "correo electrónico", "correo", "dirección de correo electrónico", "e-posta", "e-posta adresi",
    ),
    "phone": (
        "telefon", "telefonnummer", "rufnummer", "festnetz", "téléphone", "numéro de téléphone", "téléphone fixe",
        "teléfono", "número de teléfono", "telefon numarası", "tel no", "sabit telefon",
    ),
    "mobile": (
        "mobil", "mobiltelefon", "handy", "handynummer", "mobilnummer", "téléphone mobile", "téléphone portable",
        "portable", "móvil", "teléfono móvil", "celular", "cep telefonu",
    ),
    "website": (
        "webseite", "internetseite", "internet", "site web", "site internet", "sitio web", "página web", "web sitesi",
        "web sayfası",
    ),
    "street": (
        "straße", "anschrift", "straße und hausnummer", "adresse", "rue", "calle", "dirección", "domicilio", "sokak",
        "adres", "açık adres",
    ),
    "city": ("ort", "stadt", "wohnort", "ville", "ciudad", "población", "localidad", "şehir", "ilçe"),
    "region": ("bundesland", "kanton", "région", "provincia", "estado", "comunidad autónoma", "bölge", "il"),
    "postal_code": ("plz", "postleitzahl", "code postal", "código postal", "posta kodu"),
    "country": ("land", "pays", "país", "ülke"),
    "job_title": (
        "funktion", "berufsbezeichnung", "jobtitel", "fonction", "poste", "intitulé du poste", "puesto", "cargo",
        "unvan", "pozisyon",
    ),
    "description": (
        "notizen", "notiz", "bemerkung", "bemerkungen", "beschreibung", "anmerkung", "anmerkungen", "kommentar",
        "kommentare", "commentaires", "commentaire", "remarques", "remarque", "notas", "nota", "observaciones",
        "observación", "comentarios", "comentario", "descripción", "detalles", "notlar", "not", "açıklama",
        "açıklamalar", "yorum", "yorumlar", "detay", "detaylar", "توضیح", "یادداشت ها", "ملاحظات", "جزئیات",
    ),
    "birthday": (
        "geburtstag", "geburtsdatum", "date de naissance", "anniversaire", "fecha de nacimiento", "cumpleaños",
        "doğum tarihi", "doğum günü",
    ),
    "language": ("sprache", "langue", "idioma", "dil"),
    "owner": (
        "verantwortlich", "verantwortlicher", "zuständig", "betreuer", "propriétaire", "propietario", "responsable",
        "zugewiesen an", "bearbeiter", "assigné à", "attribué à", "asignado a", "encargado", "sorumlu", "sorumlu kişi",
        "sahibi", "atanan", "atanan kişi", "görevli", "مسئول انجام", "مسئول پیگیری",
    ),
    "source": ("quelle", "lead-quelle", "herkunft", "origine", "origen", "fuente", "kaynak"),
    "tags": (
        "schlagwörter", "stichwörter", "kategorien", "étiquettes", "catégories", "etiquetas", "categorías",
        "etiketler", "kategoriler",
    ),
    "industry": ("branche", "secteur", "secteur d'activité", "sector", "sektör"),
    "employees": (
        "mitarbeiter", "mitarbeiterzahl", "anzahl mitarbeiter", "effectif", "nombre d'employés", "empleados",
        "número de empleados", "çalışan sayısı",
    ),
    "revenue": ("jahresumsatz", "chiffre d'affaires", "ingresos anuales", "yıllık gelir", "ciro"),
    "parent": ("muttergesellschaft", "société mère", "empresa matriz", "ana şirket"),
    "stage": ("phase", "verkaufsphase", "étape", "etapa", "aşama"),
    "status": ("statut", "estado", "estatus", "durum", "durumu"),
    "value": (
        "betrag", "auftragswert", "auftragsvolumen", "auftragssumme", "angebotssumme", "nettobetrag", "betrag netto",
        "summe", "summe netto", "wert", "montant", "montant ht", "montant ttc", "valeur", "importe", "importe neto",
        "monto", "valor", "tutar", "değer",
    ),
    "currency": ("währung", "devise", "moneda", "divisa", "para birimi"),
    "probability": ("wahrscheinlichkeit", "probabilité", "probabilidad", "olasılık"),
    "close_on": (
        "abschlussdatum", "voraussichtliches abschlussdatum", "abschluss", "geplanter abschluss", "date de clôture",
        "fecha de cierre", "kapanış tarihi", "tahmini kapanış tarihi",
    ),
    "priority": (
        "priorität", "prio", "priorité", "prioridad", "öncelik", "önceliği", "öncelik derecesi", "önem",
        "önem derecesi", "اهمیت", "درجه اهمیت",
    ),
    "rhythm": ("rhythmus", "kontaktrhythmus", "rythme", "ritmo"),
    "pipeline": ("vertriebspipeline",),
    "lost_reason": ("verlustgrund", "grund des verlusts", "motif de perte", "motivo de pérdida"),
    "medium": ("medium",),
    "campaign": ("kampagne", "campagne", "campaña", "kampanya"),
    "referred_by": ("empfohlen von", "recommandé par", "recomendado por"),
    "opportunity": ("geschäft", "verkaufschance", "affaire", "opportunité", "negocio", "oportunidad", "fırsat"),
    "created_at": (
        "erstellt am", "erstelldatum", "angelegt am", "date de création", "fecha de creación", "oluşturma tarihi",
        "oluşturulma tarihi",
    ),
    "updated_at": ("geändert am", "date de modification", "fecha de modificación", "değiştirilme tarihi"),
}  # fmt: skip
#: How names are headed in these languages, and those of people, who have several.
_CALLED = ("vollständiger name", "nom complet", "nom", "nombre completo", "nombre", "isim", "ad")
_PERSON = (
    "ad soyad", "adı soyadı", "isim soyisim", "vor- und nachname", "vorname und nachname", "vorname nachname",
    "nom et prénom", "nom prénom", "prénom et nom", "prénom nom", "nombre y apellidos", "nombre y apellido", *_CALLED,
)  # fmt: skip
#: What heads the people in a list that names firms or sales besides: their name there, and elsewhere a link.
PEOPLE = (
    "contact", "contact person", "contact name", "name of contact", "primary contact", "primary contact name",
    "main contact", "key contact", "person name", "participant", "participant name", "attendee",
    "attendee name", "member name", "decision maker", "visitor name", "guest", "guest name", "speaker", "speaker name",
    "registrant", "registrant name", "ansprechpartner", "ansprechpartnerin", "kontakt", "kontaktperson", "teilnehmer",
    "geschäftsführer", "personne de contact", "nom du contact", "interlocuteur", "dirigeant", "contacto",
    "persona de contacto", "nombre del contacto", "interlocutor", "ilgili kişi", "yetkili", "yetkili kişi", "irtibat",
    "irtibat kişisi", "iletişim kişisi", "muhatap", "gesprächspartner", "gesprächspartnerin", "نام شخص", "طرف تماس",
    "مخاطب", "نام مخاطب", "نام مسئول", "مسئول خرید", "نام مسئول خرید", "شخص مسئول", "رابط", "نام رابط", "شخص رابط",
)  # fmt: skip
#: What heads people in lists of these alone.
_HUMANS = ("person", "personne", "persona", "kişi", "kişi adı", "شخص", "فرد")
#: What heads those who buy: people or firms, firms beside their people.
BUYERS = (
    "customer", "customer name", "client", "client name", "kunde", "kundenname", "auftraggeber", "nom du client",
    "cliente", "nombre del cliente", "müşteri", "müşteri adı", "مشتری", "نام مشتری",
)  # fmt: skip
#: Those of them who are the firms of leads where no other column names these.
_CLIENTS = ("client",)
#: What heads the firms of people in Odoo's table of both.
_PARENTS = ("parent id", "parent id name")
#: Which of these head firms in files of each kind.
_ALSO_FIRMS: dict[str, tuple[str, ...]] = {
    "contact": _PARENTS, "lead": _CLIENTS, "deal": BUYERS, "task": BUYERS, "interaction": BUYERS,
}  # fmt: skip
#: What heads those who sell to one: firms.
SUPPLIERS = (
    "supplier", "supplier name", "vendor", "vendor name", "lieferant", "lieferantenname", "fournisseur",
    "nom du fournisseur", "proveedor", "nombre del proveedor", "tedarikçi", "tedarikçi adı", "تأمین‌کننده",
    "نام تأمین‌کننده",
)  # fmt: skip
#: What heads sales by what is sold in a table of them: a deal is called by it where nothing else names it.
SALES = (
    "project", "project name", "project title", "quote", "quote name", "quote no", "quote number", "quotation", "offer",
    "proposal", "order", "order name", "order no", "order number", "projekt", "projektname", "angebot",
    "angebotsnummer", "angebotsnr", "angebot nr", "auftrag", "auftragsnummer", "auftragsnr", "auftrag nr", "bestellung",
    "bestellnummer", "bestellnr", "projet", "nom du projet", "devis", "n° devis", "n° de devis", "numéro de devis",
    "commande", "n° commande", "n° de commande", "numéro de commande", "proyecto", "nombre del proyecto", "presupuesto",
    "nº de presupuesto", "número de presupuesto", "pedido", "nº de pedido", "número de pedido", "proje", "proje adı",
    "teklif", "sipariş", "پروژه", "نام پروژه", "پیش‌فاکتور", "سفارش",
)  # fmt: skip
#: What heads the value of a sale beside these alone: elsewhere it is what somebody has to spend.
BUDGETS = ("budget", "project budget", "projektbudget", "bütçe", "بودجه")
#: How job titles begin and end, folded.
_JOB = re.compile(
    r"^(?:c[efimorst]o|[se]?vp|dr|prof|vice president|head of|director of|leiter(?:in)?|gerente|مدیر|کارشناس|رییس)\b"
    r"|\b(?:president|manager(?:in)?|directora?|founder|owner|officer|engineer|assistant|consultant|directeur|directrice"
    r"|gerente|\w*leiter(?:in)?|\w*fuhrer(?:in)?|inhaber(?:in)?|muduru?)$"
)
_SUBJECT = (*activity_titles.THEMES, *activity_titles.HEADLINES)
_DEAL = (
    "opportunity title", "geschäft", "verkaufschance", "affaire", "opportunité", "negocio", "oportunidad", "anlaşma",
    "fırsat", "معامله", "فرصت", "فرصت فروش",
)  # fmt: skip
_PROSPECT = (
    "prospect", "prospect name", "interessent", "nom du prospect", "prospecto", "nombre del prospecto", "aday müşteri",
    "aday müşteri adı", "سرنخ", "نام سرنخ",
)  # fmt: skip
#: What people do for their firms: in a list of anything else, what something is for.
_PART = ("role", "rolle", "rôle", "rol")
#: What heads tasks and nothing else.
_DEEDS = ("task", "task name", "task title", "وظیفه", "نام وظیفه", *activity_titles.DEEDS)
#: What a customer brings in or what a firm does: a company's revenue, but no word of the kind.
TURNOVER = frozenset(("umsatz",))
#: First name and the rest of it, squeezed, where "name" beside a first name is the last name.
PAIRS = frozenset((first, last) for first in ("vorname", "prenom") for last in ("name", "nom"))


@cache
def spoken(kind: str, field: str) -> tuple[str, ...]:
    """Further titles of a field, of most in other languages than English and Persian."""
    if kind in ("task", "interaction") and field in activity_titles.TITLES:
        return activity_titles.TITLES[field]
    if field == "contact":  # what happened has no other name
        names = ("name", "full name", *_PERSON, "نام", "نام و نام خانوادگی") if kind == "interaction" else ()
        return (*PEOPLE, *_HUMANS, *names)
    if field == "value" and kind == "deal":  # of a customer it is what a year with them brings
        return (*_SPOKEN["value"], "umsatz")
    if field == "company":
        return (*_SPOKEN["company"], *_ALSO_FIRMS.get(kind, ()), *SUPPLIERS)
    if field == "job_title" and kind in ("lead", "contact"):
        return (*_SPOKEN["job_title"], *_PART)
    if field != "name":
        return _SPOKEN.get(field, ())
    if kind == "company":
        return (*_SPOKEN["company"], *_CALLED, *BUYERS, *SUPPLIERS)
    of_people = (*_PERSON, *PEOPLE, *BUYERS)
    named = {
        "contact": (*of_people, *_HUMANS),
        "lead": (*of_people, *_PROSPECT),
        "deal": (*_DEAL, *_SUBJECT),
        "task": (*activity_titles.DEEDS, *_SUBJECT, "نام"),
    }
    return named.get(kind, of_people)


@cache
def _squeezed(titles: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(squeeze, titles))


def of_people(kind: str, title: str) -> bool:
    """Whether a title names the person and not the subject or the firm: "Contact Name", "Lead - Contact person"."""
    return any(form in _squeezed((*PEOPLE, *_HUMANS, "full name")) for _, form in own_forms(kind, title))


def of_contacts(kind: str, title: str) -> bool:
    """Whether a title names the people of firms, so that a row without one may be a firm's."""
    return any(form in _squeezed((*PEOPLE, *_HUMANS)) for _, form in own_forms(kind, title))


def heads_people(title: str) -> bool:
    """Whether a title that is spelt so names people, whatever stands beside it: a participant, no customer."""
    return squeeze(title) in _squeezed((*PEOPLE, *_HUMANS))


def of_buyers(title: str) -> bool:
    """Whether a title names those who buy, of whom it does not say whether they are people or firms."""
    return squeeze(title) in _squeezed(BUYERS)


def of_sales(title: str) -> bool:
    """Whether a title names a sale by what is sold: its project, quote or order."""
    return squeeze(title) in _squeezed(SALES)


def of_names(title: str) -> bool:
    """Whether a title says that names stand below it, and not of what."""
    return squeeze(title) in _squeezed(("name", "nom", "nombre", "nome", "isim", "ad", "نام"))


def of_deals(title: str) -> bool:
    """Whether a title names deals by a word for these alone."""
    return squeeze(title) in _squeezed((*_DEAL, "deal", "deal name", "deal title", "opportunity", "opportunity name"))


def calls(kind: str, title: str) -> bool:
    """Whether a title names deals or tasks by a word for these, or by what they are about, and nobody."""
    if kind == "deal" and of_deals(title):
        return True
    return squeeze(title) in _squeezed((*activity_titles.THEMES, *(_DEEDS if kind == "task" else ())))


def of_anybody(title: str) -> bool:
    """Whether a title heads names and does not say whose."""
    return of_names(title) or squeeze(title) in _squeezed(("full name", "نام و نام خانوادگی", *_PERSON))


def of_titles(title: str) -> bool:
    """Whether a title may head the subjects of sales, and as well what somebody is called or does."""
    return squeeze(title) in _squeezed(activity_titles.HEADLINES)


def is_job(cell: str) -> bool:
    """Whether a cell says what somebody does for a living, by a word at its beginning or end that does."""
    return _JOB.search(fold(cell)) is not None


def of_budgets(title: str) -> bool:
    """Whether a title heads budgets."""
    return squeeze(title) in _squeezed(BUDGETS)


def of_suppliers(title: str) -> bool:
    """Whether a title names the firms that one buys from."""
    return squeeze(title) in _squeezed(SUPPLIERS)


#: Words in a file's name or before "id" that tell what it holds.
WORDS = {
    "lead": ("lead", "prospect"),
    "deal": ("deal", "opportunity", "opportunities", "pipeline", "pipeline record"),
    "contact": ("contact", "person", "people", "connection", "customer"),
    "company": ("company", "companies", "account", "organization", "organisation", "customer"),
    "task": ("task", "todo", "activity", "activities"),
    "interaction": ("interaction",),
}


def said_kind(cell: str) -> str:
    """Whether a cell says that its row is a "lead" or a "deal"; "" where it says neither."""
    return next((kind for kind in ("lead", "deal") if squeeze(cell) in WORDS[kind]), "")


#: Titles of ids that do not say whose they are.
PLAIN_IDS = ("id", "external id", "record id", "rec id", "pipedrive system id", "copper id", "شناسه", "کد")
_ID_FORMS = (
    "{} id", "record id {}", "{} record id", "do not modify {}", "apollo {} id", "{} pipedrive system id",
    "کد {}", "شماره {}",
)  # fmt: skip


def of_ids(kind: str, *, own: bool) -> list[str]:
    """Titles of the column with the other program's id of each record of this kind, the surest first; in a file of our
    `own` a plain "id" is our number."""
    others = (word for word in WHOSE.get(kind, ()) if not word.isascii())
    words = [word for word in (*WORDS[kind], *others) if word != "pipeline"]  # whose id is that of the deal's pipeline
    return [form.format(word) for form in _ID_FORMS for word in words] + ([] if own else list(PLAIN_IDS))
