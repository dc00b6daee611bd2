"""Every setting of the program: its name, what it may be, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.address import redacted
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.struct import Struct
from crmcli.domain.text import blank
from crmcli.domain.workdays import read_week
from crmcli.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Setting(Struct):
    """One setting: `kind` is text, which may be one of the words in `choices`, or integer, from `low` to `high`, both
    included."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return "CRM_" + self.name.upper().replace(".", "_")


#: A hundred years: what a setting may count back from now and still meet a day that a calendar has.
MOST_DAYS = 36_500

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
        Setting("plugins", "text", "", "Enabled plugins as NAME=MODULE, with commas (crm plugin enable writes it)"),
    )
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
    if name not in SETTINGS:
        raise UsageError(f"there is no setting '{name}'", suggest(name, SETTINGS) or "'crm config list' shows all")
    return SETTINGS[name]


def check(setting: Setting, value: Any) -> Any:
    """The value in the setting's type. Raises UsageError."""
    if setting.kind == "integer":
        return _whole(setting, value)
    if isinstance(value, list):  # TOML has lists, and `columns.lead = ["id", "name"]` is how one would write it there
        value = ",".join(map(str, value))
    if value and blank(str(value)):
        raise UsageError(f"the setting {setting.name} wants more than blanks")
    if value and setting.name in MEANT:
        MEANT[setting.name](str(value))
    if value and setting.name.startswith("columns."):
        _columns(setting.name, str(value))
    if setting.choices and value not in setting.choices:
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


def _columns(name: str, words: str) -> None:
    kind = ENTITIES[name.partition(".")[2]]
    for word in words.split(","):
        if word.strip() not in ("", "all", *kind.by_name):
            raise UsageError(
                f"the setting {name} has a column '{word.strip()}', and a {kind.name} has no such field",
                suggest(word.strip(), kind.by_name, f"crm fields {kind.name}"),
            )


#: What refuses a word that means nothing.
MEANT: dict[str, Callable[[str], object]] = {
    "db": _store,
    "currency": _currency,
    "region": _region,
    "workdays": read_week,
}
