"""Settings as one table, and where everything lives: file < environment < flag."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.domain.address import redacted
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
    if setting.name == "currency" and value:
        _currency(str(value))
    if setting.choices and value not in setting.choices:
        raise UsageError(f"the setting {setting.name} wants one of: {', '.join(setting.choices)}; not '{value}'")
    return str(value)


def _currency(code: str) -> None:
    if not money.known(code.upper()):
        raise UsageError(f"'{code}' is not a currency", "use an ISO 4217 code such as EUR, USD or IRR")


def _region(code: str) -> None:
    from phonenumbers import SUPPORTED_REGIONS

    if code.upper() not in SUPPORTED_REGIONS:
        raise UsageError(f"'{code}' is not a country of telephone numbers", "use an ISO 3166 code such as IR or DE")


def _timezone(name: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"there is no time zone '{name}'", "use an IANA name such as Europe/Berlin") from None


#: What refuses a word that means nothing; asked when it is set, because asking costs more than a run may.
MEANT: dict[str, Callable[[str], None]] = {"region": _region, "timezone": _timezone}


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

    setting = setting_of(name)
    path = config_file()
    document = tomlkit.document()
    if os.path.exists(path):
        _read(path)
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
        if name in MEANT and value:
            MEANT[name](value)
        place[leaf] = check(setting, value)
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    replace(path, tomlkit.dumps(document).encode())
    return path


def replace(path: str, content: bytes) -> None:
    """Write a private file so that it is whole or not there: a temporary file beside it, synced, renamed over it."""
    draft = f"{path}.new-{os.getpid()}"
    fd = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError as error:
        if os.path.exists(draft):
            os.unlink(draft)
        raise CrmError(
            f"{path} cannot be written: {error.strerror}", "check the folder's permissions and space"
        ) from None
