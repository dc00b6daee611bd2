"""Every setting of the program: its name, what it may be, and what it means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmcli.domain import figures, money, urgency
from crmcli.domain.address import redacted
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.slots import USUAL_HOURS, read_hours
from crmcli.domain.struct import Struct
from crmcli.domain.text import blank, digits
from crmcli.domain.workdays import read_week
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Setting(Struct):
    """One setting: `kind` is text, which may be one of the words in `choices`, integer, or number with at most two
    decimals; both from `low` to `high`, both included. `word` is that of the book in a setting of a family. What is
    `secret` is never shown, and not taken from a file that others can read."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    secret: bool = False
    word: str = ""

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file; "" for a word of the book, which may be no variable's."""
        return "" if self.word else "CRM_" + self.name.upper().replace(".", "_")


#: A hundred years: what a setting may count back from now and still meet a day that a calendar has.
MOST_DAYS = 36_500
#: The largest coefficient of urgency, above and below zero.
HEAVIEST = 1000

SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "db", "text", "", "The book: a SQLite file or a postgresql:// URL; empty means crm.db in the data folder"
        ),
        Setting("user", "text", "", "Your name in the book; empty means your login name"),
        Setting("currency", "text", "EUR", "ISO 4217 code that amounts have when none is given"),
        Setting("region", "text", "", "Country of telephone numbers without +, as an ISO 3166 code such as IR or DE"),
        Setting(
            "calendar", "text", "gregorian", "Calendar in which dates are typed and shown", ("gregorian", "jalali")
        ),
        Setting("timezone", "text", "", "IANA time zone such as Europe/Berlin; empty means the machine's"),
        Setting("week_start", "text", "monday", "First day of the week", ("monday", "saturday", "sunday")),
        Setting(
            "workdays",
            "text",
            "",
            "Working days, for dates such as +3wd: mon-fri, sat-wed, mon-thu,sat; empty means those of the country"
            " in holidays, or mon-fri",
        ),
        Setting(
            "holidays",
            "text",
            "",
            "Country whose public holidays are not worked, as an ISO 3166 code such as DE, or DE-BY with its"
            " subdivision; empty means none",
        ),
        Setting(
            "hours", "text", USUAL_HOURS, "Hours of a working day in which there can be free time: 8:30-12,13-17:30"
        ),
        Setting("columns.lead", "text", "", "Columns of 'crm lead list'"),
        Setting("columns.deal", "text", "", "Columns of 'crm deal list'"),
        Setting("columns.contact", "text", "", "Columns of 'crm contact list'"),
        Setting("columns.company", "text", "", "Columns of 'crm company list'"),
        Setting("columns.task", "text", "", "Columns of 'crm task list'"),
        Setting("limit", "integer", 50, "How many rows a list shows; 0 = all", high=999_999_999),
        Setting("silent_days", "integer", 14, "A deal without a touch for so many days is silent", high=MOST_DAYS),
        Setting("new_days", "integer", 7, "A lead is new for so many days", high=MOST_DAYS),
        Setting("busy_timeout", "integer", 30, "How many seconds to wait for another writer", high=86_400),
        Setting("pager", "text", "", "Program for long output on a terminal; empty means $PAGER or less -FRX"),
        Setting("serve.host", "text", "127.0.0.1", "Address at which 'crm serve' listens; 0.0.0.0 for every one"),
        Setting("serve.port", "integer", 8765, "Port at which 'crm serve' listens", low=1, high=65_535),
        Setting("serve.url", "text", "", "How 'crm serve' is reached from elsewhere, such as https://crm.example.org"),
        Setting(
            "remind",
            "text",
            "0m",
            "How long before it a task with a time and no reminders of its own has one: 0m, 15m,1d, or none",
        ),
        Setting("remind_at", "text", "9:00", "Time of the day for reminders of tasks that have a day alone"),
        Setting("remind_days", "integer", 7, "How many days late a reminder may still come", low=1, high=365),
        Setting(
            "remind_channels",
            "text",
            "terminal",
            "Ways of 'crm remind', with commas: terminal, desktop, mail, notify (all of notify.urls) or one of those",
        ),
        Setting("smtp.host", "text", "", "Mail server that reminders and today's page are sent through"),
        Setting("smtp.port", "integer", 0, "Its port; 0 means 587, with tls 465, with none 25", high=65_535),
        Setting("smtp.user", "text", "", "Name to log in with; empty means without a login"),
        Setting("smtp.password", "text", "", "Password to log in with; it is typed unseen, not as a word", secret=True),
        Setting("smtp.password_cmd", "text", "", "Command whose first line is the password, such as: pass show mail"),
        Setting(
            "smtp.security",
            "text",
            "",
            "How the connection is made safe; empty means starttls, and none to this machine itself",
            ("starttls", "tls", "none"),
        ),
        Setting("mail.from", "text", "", "Sender of mail, as Ada <ada@engines.example>; empty means your own address"),
        Setting(
            "mail.to", "text", "", "Who gets reminders and today's page, with commas; empty means you, by 'crm user'"
        ),
        Setting(
            "notify.urls",
            "text",
            "",
            "Addresses of other services as apprise knows them, with commas; NAME=URL gives one a name",
            secret=True,
        ),
        Setting("plugins", "text", "", "Enabled plugins as NAME=MODULE, with commas (crm plugin enable writes it)"),
        *(
            Setting(term.setting, "number", term.usual, f"Urgency: {term.meaning}", low=-HEAVIEST, high=HEAVIEST)
            for term in urgency.TERMS
        ),
    )
}
#: What the names of settings about words of the book begin with -> such a setting, its word left open.
FAMILIES = {
    f"{figures.URGENCY}.{family.name}.": Setting(
        f"{figures.URGENCY}.{family.name}.{family.name.upper()}",
        "number",
        0,
        f"Urgency: {family.meaning}",
        low=-HEAVIEST,
        high=HEAVIEST,
        word=family.name.upper(),
    )
    for family in urgency.FAMILIES
}

#: The countries that telephone numbers are known of; a test holds them against phonenumbers, which is slow to load.
REGIONS = (
    "AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM "
    "FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN "
    "MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT "
    "PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK "
    "TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)


def setting_of(name: str) -> Setting:
    """The setting of that name. Raises UsageError with a suggestion."""
    found = SETTINGS.get(name) or _of_word(name)
    if found is None:
        raise UsageError(f"there is no setting '{name}'", nearest(name) or "'crm config list' shows all")
    return found


def compared(name: str) -> str:
    """What a name of a setting is compared by: a word of the book in it may be written in several ways."""
    for start, family in zip(FAMILIES, urgency.FAMILIES, strict=True):
        if name.startswith(start):
            return start + family.key(name[len(start) :])
    return name


def nearest(name: str) -> str:
    """'did you mean X?' for a name that is no setting's; "" where none is like it."""
    for start, family in FAMILIES.items():
        if name.rstrip(". ") == start[:-1]:
            return f"put a {family.word.lower()} of the book behind it: {family.name}"
    return suggest(name, [*SETTINGS, *(start + name.rpartition(".")[2] for start in FAMILIES)])


def _of_word(name: str) -> Setting | None:
    """The setting about a word of the book, such as urgency.tag.next; None where the name is of no such family."""
    for start, family in FAMILIES.items():
        if name.startswith(start) and not blank(name[len(start) :]):
            return family._replace(name=name, word=name[len(start) :])
    return None


def known(name: str) -> bool:
    """Whether there is a setting of that name."""
    return name in SETTINGS or _of_word(name) is not None


def check(setting: Setting, value: Any) -> Any:
    """The value in the setting's type. Raises UsageError."""
    if setting.kind == "integer":
        return _whole(setting, value)
    if setting.kind == "number":
        return _number(setting, value)
    if isinstance(value, list):  # TOML has lists, and `columns.lead = ["id", "name"]` is how one would write it there
        value = ",".join(map(str, value))
    if value and blank(str(value)):
        raise UsageError(f"the setting {setting.name} wants more than blanks")
    if value and setting.name in MEANT:
        MEANT[setting.name](str(value))
    if value and setting.name.startswith("columns."):
        _columns(setting.name, str(value))
    if setting.choices and value not in (*setting.choices, setting.default):
        raise UsageError(f"the setting {setting.name} wants one of: {', '.join(setting.choices)}; not '{value}'")
    return str(value)


def _whole(setting: Setting, value: Any) -> int:
    try:
        number = int(value) if type(value) in (int, str) else None  # TOML has 2.5, inf and true as well
    except ValueError:
        number = None
    if number is None or not setting.low <= number <= setting.high:
        raise UsageError(
            f"the setting {setting.name} wants a whole number from {setting.low} to {setting.high}, not '{value}'"
        )
    return number


def _number(setting: Setting, value: Any) -> float:
    try:
        number = (
            float(digits(value) if isinstance(value, str) else value) if type(value) in (int, float, str) else None
        )  # TOML has inf, nan and true as well
    except (ValueError, OverflowError):
        number = None
    if number is None or not setting.low <= number <= setting.high or round(number, 2) != number:
        raise UsageError(
            f"the setting {setting.name} wants a number from {setting.low} to {setting.high} with at most two decimals,"
            f" not '{value}'"
        )
    return int(number) if number == int(number) else number


def _store(target: str) -> None:
    if "://" in target and not target.startswith(("postgresql://", "postgres://")):
        raise UsageError(
            f"{redacted(target)} is no store that crm knows", "name a file, or postgresql://user@host/database"
        )


def _currency(code: str) -> None:
    if not money.known(code.upper()):
        raise UsageError(f"'{code}' is not a currency", "use an ISO 4217 code such as EUR, USD or IRR")


def _region(code: str) -> None:
    if code.upper() not in REGIONS.split():
        raise UsageError(f"'{code}' is not a country of telephone numbers", "use an ISO 3166 code such as IR or DE")


def _host(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?", name):
        raise UsageError(f"'{name}' is no name of a server", "write it alone, such as mail.example.com")


def _url(text: str) -> None:
    if not re.fullmatch(r"(?i)https?://[^\s/?#@\\\"'<>]+(/[^\s?#\\\"'<>]*)?", text):
        raise UsageError(f"'{text}' is no address of a server", "write it as https://crm.example.org")


def _columns(name: str, words: str) -> None:
    kind = ENTITIES[name.partition(".")[2]]
    for word in words.split(","):
        if word.strip() not in ("", "all", *kind.by_name) and not figures.computed(kind, word.strip()):
            raise UsageError(
                f"the setting {name} has a column '{word.strip()}', and a {kind.name} has no such field",
                suggest(word.strip(), kind.by_name, f"crm fields {kind.name}"),
            )


def _reader(module: str, name: str) -> Callable[[str], object]:
    """A function of a module of the domain that is loaded when there is something to read: most commands read none."""

    def read(text: str) -> object:
        from importlib import import_module

        return getattr(import_module(f"crmcli.domain.{module}"), name)(text)

    return read


#: What refuses a word that means nothing.
MEANT: dict[str, Callable[[str], object]] = {
    "db": _store,
    "currency": _currency,
    "region": _region,
    "workdays": read_week,
    "hours": read_hours,
    "remind": _reader("reminders", "read_usual"),
    "remind_at": _reader("reminders", "read_clock"),
    "remind_channels": _reader("delivery", "read_channels"),
    "serve.url": _url,
    "smtp.host": _host,
    "mail.from": _reader("delivery", "read_mailbox"),
    "mail.to": _reader("delivery", "read_addresses"),
    "notify.urls": _reader("delivery", "read_services"),
}
