"""Settings as one table, and where everything lives: file < environment < flag."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.address import redacted
from crmcli.domain.entities import ENTITIES
from crmcli.domain.fields import suggest
from crmcli.domain.struct import Struct
from crmcli.errors import CrmError, NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Setting(Struct):
    """One setting: `kind` is text, integer, flag or one of the words in `choices`."""

    name: str
    kind: str
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    @property
    def variable(self) -> str:
        """The environment variable that overrides the file."""
        return "CRM_" + self.name.upper().replace(".", "_")


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
        Setting("columns.lead", "text", "", "Columns of 'crm lead list'"),
        Setting("columns.deal", "text", "", "Columns of 'crm deal list'"),
        Setting("columns.contact", "text", "", "Columns of 'crm contact list'"),
        Setting("columns.company", "text", "", "Columns of 'crm company list'"),
        Setting("columns.task", "text", "", "Columns of 'crm task list'"),
        Setting("limit", "integer", 50, "How many rows a list shows; 0 = all"),
        Setting("silent_days", "integer", 14, "A deal without a touch for so many days is silent"),
        Setting("new_days", "integer", 7, "A lead is new for so many days"),
        Setting("busy_timeout", "integer", 30, "How many seconds to wait for another writer"),
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


#: What to do about a folder of the program's own that takes no files.
WRITABLE = "make that folder writable, or set CRM_HOME to one that is"


def home() -> str:
    """CRM_HOME, or "" when the XDG folders are used."""
    return os.environ.get("CRM_HOME", "")


def _folder(kind: str, variable: str, default: str) -> str:
    if home():
        return os.path.join(os.path.abspath(home()), kind)
    root = os.environ.get(variable, "")
    if not os.path.isabs(root):
        base = os.path.expanduser("~")
        if base == "~" or not os.path.isabs(base):
            raise CrmError("there is no home folder", "set HOME, or CRM_HOME=DIR to keep everything in one folder")
        root = os.path.join(base, *default.split("/"))
    return os.path.join(root, "crm")


def config_dir() -> str:
    """Where config.toml and the user's own reports, hooks and templates are."""
    return _folder("config", "XDG_CONFIG_HOME", ".config")


def data_dir() -> str:
    """Where the book is."""
    return _folder("data", "XDG_DATA_HOME", ".local/share")


def state_dir() -> str:
    """Where rejected rows and the like are kept."""
    return _folder("state", "XDG_STATE_HOME", ".local/state")


def cache_dir() -> str:
    """What can be thrown away."""
    return _folder("cache", "XDG_CACHE_HOME", ".cache")


def config_file() -> str:
    return os.path.join(config_dir(), "config.toml")


class Settings:
    """The values in force; `origin(name)` says where each comes from."""

    def __init__(self, flags: dict[str, Any] | None = None) -> None:
        self.flags = {name: value for name, value in (flags or {}).items() if value not in (None, "")}
        self._file: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self.find(name)[0]

    def find(self, name: str) -> tuple[Any, str]:
        """(value, origin): the origin is "flag", the variable's name, the file's path or "default"."""
        setting = setting_of(name)
        if name in self.flags:
            return check(setting, self.flags[name]), "flag"
        if os.environ.get(setting.variable):
            return check(setting, os.environ[setting.variable]), setting.variable
        if name in self.file:
            return check(setting, self.file[name]), config_file()
        return setting.default, "default"

    @property
    def file(self) -> dict[str, Any]:
        """What the file says, with dotted names."""
        if self._file is None:
            self._file = _flat(_read(config_file()))
        return self._file

    def unknown(self) -> list[str]:
        """A line for each word of the file that is no setting: a slip of the pen would otherwise go unseen."""
        return [
            f"{config_file()}: there is no setting '{name}'; {suggest(name, SETTINGS) or 'it is ignored'}"
            for name in self.file
            if name not in SETTINGS
        ]

    @property
    def database(self) -> str:
        """The store in force: a path or a PostgreSQL URL. Raises UsageError for URLs of other kinds."""
        target = str(self["db"]) or os.path.join(data_dir(), "crm.db")
        if "://" in target and not target.startswith(("postgresql://", "postgres://")):
            raise UsageError(
                f"{redacted(target)} is no store that crm knows", "name a file, or postgresql://user@host/database"
            )
        return target


def setting_of(name: str) -> Setting:
    """The setting of that name. Raises UsageError with a suggestion."""
    if name not in SETTINGS:
        raise UsageError(f"there is no setting '{name}'", suggest(name, SETTINGS) or "'crm config list' shows all")
    return SETTINGS[name]


def check(setting: Setting, value: Any) -> Any:
    """The value in the setting's type. Raises UsageError."""
    if setting.kind == "integer":
        try:
            return int(value)
        except (TypeError, ValueError):
            raise UsageError(f"the setting {setting.name} wants a whole number, not '{value}'") from None
    if isinstance(value, list):  # TOML has lists, and `columns.lead = ["id", "name"]` is how one would write it there
        value = ",".join(map(str, value))
    if value and setting.name in MEANT:
        MEANT[setting.name](str(value))
    if value and setting.name.startswith("columns."):
        _columns(setting.name, str(value))
    if setting.choices and value not in setting.choices:
        raise UsageError(f"the setting {setting.name} wants one of: {', '.join(setting.choices)}; not '{value}'")
    return str(value)


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


def _timezone(name: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"there is no time zone '{name}'", "use an IANA name such as Europe/Berlin") from None


#: What refuses a word that means nothing.
MEANT: dict[str, Callable[[str], None]] = {"currency": _currency, "region": _region}


def _read(path: str) -> dict[str, Any]:
    if not os.path.exists(path):
        return {}
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "mend the file, or move it away") from None
    except OSError as error:
        raise CrmError(f"{path} cannot be read: {error.strerror}") from None


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = value
    return found


def write(name: str, value: str | None) -> str:
    """Set a setting in the file, or with None take it out; comments and order stay. The file's path."""
    import tomlkit

    path = config_file()
    if name not in _flat(_read(path)):  # a word that means nothing can still be taken out
        setting_of(name)
    document = tomlkit.document()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            document = tomlkit.parse(file.read())
    *tables, leaf = name.split(".")
    place: Any = document
    for table in tables:
        if table not in place:
            place[table] = tomlkit.table()
        place = place[table]
    if value is None:
        if leaf not in place:
            raise NotFoundError(f"{name} is not set in {path}")
        del place[leaf]
    else:
        if name == "timezone" and value:
            _timezone(value)  # the context asks when it needs the zone
        place[leaf] = check(setting_of(name), value)
    make_folder(os.path.dirname(path), "the settings")
    replace(path, tomlkit.dumps(document).encode())
    return path


def make_folder(path: str, content: str) -> None:
    """Make a private folder of the program's own for `content`, where it is not there. Raises CrmError."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
    except OSError as error:
        raise CrmError(
            f"{content} cannot be kept in {path}: {error.filename or path}: {error.strerror}", WRITABLE
        ) from None


def replace(path: str, content: bytes) -> None:
    """Write a private file so that it is whole or not there: a temporary file beside it, synced, renamed over it."""
    draft = f"{path}.new-{os.getpid()}"
    try:
        fd = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        if os.path.exists(draft):
            os.unlink(draft)
        raise CrmError(f"{path} cannot be written: {error.strerror}", f"check its space; {WRITABLE}") from None
