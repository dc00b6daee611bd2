"""The settings in force and where everything lives: file < environment < flag."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from crmcli.domain.address import redacted
from crmcli.errors import CrmError, ExposedError, NotFoundError, UsageError
from crmcli.settings import FAMILIES, check, compared, known, nearest, setting_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator


#: Where a command of ours begins in a hint: behind a quotation mark or a colon, not among the user's own words.
_COMMAND = re.compile(r"(?:^|(?<=')|(?<=: ))crm (?=[a-z])")
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
    """Where config.toml and the user's own reports are."""
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
        """(value, origin): the origin is "flag", the variable's name, the file's path or "default". Raises UsageError,
        naming the origin, for a value that means nothing, and ExposedError for a secret that others can read."""
        value, origin = self.given(name)
        if origin == "default":
            return value, origin
        try:
            found = check(setting_of(name), value)
        except UsageError as error:
            raise self.refused(name, error) from None
        if name == "db" and origin == config_file():
            found = located(found, config_dir())
        if found and setting_of(name).secret:
            withhold(found)
            if origin == config_file():
                _check_private(name)
        return found, origin

    def given(self, name: str) -> tuple[Any, str]:
        """(value, origin) as `find` has them, the value as it stands there, whether it means something or not."""
        setting = setting_of(name)
        if name in self.flags:
            return self.flags[name], "flag"
        if os.environ.get(setting.variable):
            return os.environ[setting.variable], setting.variable
        if stands := same(self.file, name):
            return self.file[stands[0]], config_file()
        return setting.default, "default"

    def refused(self, name: str, error: UsageError) -> UsageError:
        """What is wrong with a setting's value, and where it comes from."""
        origin = self.given(name)[1]
        return UsageError(f"{f'--{name}' if origin == 'flag' else origin}: {error.message}", error.hint)

    @property
    def file(self) -> dict[str, Any]:
        """What the file says, with dotted names."""
        if self._file is None:
            self._file = _flat(_read(config_file()))
        return self._file

    def unknown(self) -> list[str]:
        """A line for each word of the file that is no setting: a slip of the pen would otherwise go unseen."""
        return [
            f"{config_file()}: there is no setting '{name}'; {nearest(name) or 'it is ignored'}"
            for name in self.file
            if not known(name)
        ]

    def of_words(self, family: str) -> dict[str, Any]:
        """The settings of a family (see `settings.FAMILIES`) that the file has: word -> value; of several spellings of
        a word the first counts. Raises UsageError for a value that means nothing."""
        names = [name for name in self.file if name.startswith(family) and known(name)]
        return {setting_of(name).word: self[name] for name in names if name == same(names, name)[0]}

    @property
    def database(self) -> str:
        """The store in force: a path or a PostgreSQL URL. Raises UsageError for URLs of other kinds."""
        return str(self["db"]) or os.path.join(data_dir(), "crm.db")

    def calling(self, *words: str) -> str:
        """The command `crm WORDS` for a shell, on the book in force: where a flag named the book, with that flag. A
        password in its URL is not shown."""
        book = ["--db", redacted(str(self.flags["db"]))] if "db" in self.flags else []
        return " ".join(_shell_word(word) for word in ("crm", *book, *words))

    def aimed(self, hint: str) -> str:
        """A hint with its commands (`crm WORDS`) on the book in force, so that one that is copied acts on no other."""
        return _COMMAND.sub(lambda _: f"{self.calling()} ", hint) if "db" in self.flags else hint


def same(names: Collection[str], name: str) -> list[str]:
    """Those of the names in a file that are spellings of a setting's name, which only words of the book have."""
    if not name.startswith(tuple(FAMILIES)):
        return [name] if name in names else []
    key = compared(name)
    return [other for other in names if compared(other) == key]


def _check_private(name: str) -> None:
    """Refuse a secret of a file that others can read. Raises ExposedError."""
    path = config_file()
    if os.stat(path).st_mode & 0o077:
        raise ExposedError(f"{path} has {name} in it, and others can read it", f"chmod 600 {_shell_word(path)}")


#: The secrets that this process has read, and the parts of addresses that may be some.
_SECRETS: set[str] = set()
#: How many seconds a command may take that knows one: it may ask somebody.
PATIENCE = 60.0
#: What is shorter may be anything.
_SHORTEST_SECRET = 4
_SHORTEST_PART = 6
#: A part of an address that may be a word of people's own: a host, the topic of a list.
_WORD = re.compile("[a-z._-]{1,15}|[A-Z]?[a-z]{1,15}")


def withhold(secret: str) -> None:
    """Have `withheld` know a secret; of the addresses of services what stands behind the scheme of each, and its parts
    that are no ordinary words. Their names and schemes are none."""
    from crmcli.domain.delivery import each_service

    whole = [part.partition("://")[2] for part in each_service(secret)] if "://" in secret else [secret]
    parts = [part for one in whole for part in re.split(r"[\s/:@?&=,;#]+", one)] if "://" in secret else []
    _SECRETS.update(one for one in whole if len(one) >= _SHORTEST_SECRET)
    _SECRETS.update(part for part in parts if len(part) >= _SHORTEST_PART and not _WORD.fullmatch(part))


def password_of(command: str, called: str) -> str:
    """The first line that a command of the shell writes; `withheld` knows it from then on. Raises UsageError with what
    the command is called, and nothing of what it is or wrote."""
    import subprocess

    why = ""
    try:
        done = subprocess.run(
            command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        why = f"it has not ended in {PATIENCE:.0f} seconds"
    except (OSError, ValueError):
        why = "it cannot be run"
    else:
        # Whatever its bytes are, the server is to have the same.
        secret = done.stdout.decode("utf-8", "surrogateescape").partition("\n")[0].rstrip("\r")
        if done.returncode:
            why = f"it failed with {done.returncode}"
        elif not secret:
            why = "it said nothing"
    if why:
        raise UsageError(f"{called} gives no password: {why}", "try it in a shell; its first line is the password")
    withhold(secret)
    return secret


def withheld(text: str) -> str:
    """A text for people or a report without the secrets that this process has read."""
    for secret in sorted(_SECRETS, key=len, reverse=True):
        if secret in text:  # as a part of a longer word it is another one
            text = re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", "***", text)
    return text


def _shell_word(word: str) -> str:
    """A word for a shell; in double quotation marks where these do, because messages put commands into single ones."""
    from shlex import quote

    quoted = quote(word)
    return f'"{word}"' if quoted != word and word and not re.search(r'["$`\\!]', word) else quoted


def located(target: str, folder: str) -> str:
    """A store's address with a relative path seen from a folder, and ~ as the home folder; a URL as it is."""
    return os.path.join(folder, os.path.expanduser(target)) if target and "://" not in target else target


def kept(name: str, value: str) -> Any:
    """A typed value as the file keeps it: the path of a book means the same one wherever the program runs. Raises
    UsageError for a setting or a value that means nothing."""
    found = check(setting_of(name), value)
    if name == "timezone" and found:
        _timezone(found)  # the context asks when it needs the zone
    return located(found, os.getcwd()) if name == "db" else found


def _timezone(name: str) -> None:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"there is no time zone '{name}'", "use an IANA name such as Europe/Berlin") from None


def _read(path: str) -> dict[str, Any]:
    if not os.path.exists(path):
        return {}
    try:
        with open(path, "rb") as file:
            return _parsed(file.read().decode("utf-8-sig"))
    except ValueError as error:  # no UTF-8, no TOML
        raise UsageError(f"{path} cannot be read: {error}", "mend the file, or move it away") from None
    except OSError as error:
        raise CrmError(f"{path} cannot be read: {error.strerror}") from None


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            found.update(_flat(value, f"{prefix}{name}."))
        else:
            found[prefix + name] = value
    return found


def write(name: str, value: str | None) -> str:
    """Set a setting in the file, or with None take it out; comments and order stay. The file's path.

    A file that is a link stays one: what it points to is written. Raises what `planned` raises, and CrmError.
    """
    path, content = planned(name, value)
    make_folder(os.path.dirname(path), "the settings")
    replace(os.path.realpath(path), content)
    return path


def planned(name: str, value: str | None) -> tuple[str, bytes]:
    """(path, content) of the file once the setting is written, or with None taken out.

    Raises UsageError for a setting or a value that means nothing and for a file that wants mending first,
    NotFoundError for what is not set.
    """
    import tomlkit

    path = config_file()
    now = _flat(_read(path))
    spellings = same(now, name)
    if not spellings:  # a word that means nothing can still be taken out
        setting_of(name)
        if value is None:
            raise NotFoundError(f"{name} is not set in {path}")
    document = tomlkit.document()
    if os.path.exists(path):
        with open(path, encoding="utf-8-sig", newline="") as file:
            document = tomlkit.parse(file.read())
    stands = list(_places(document, spellings[0])) if spellings and value is not None else []
    for spelling in spellings[1 if stands else 0 :]:
        for table, key in list(_places(document, spelling)):
            del table[key]
        del now[spelling]
    if value is not None:
        spelling = spellings[0] if stands else name
        now[spelling] = kept(name, value)
        for table, key in stands or [_new_place(document, name, path)]:
            table[key] = now[spelling]
    content = tomlkit.dumps(document)
    if _flat(_parsed(content)) != now:
        raise UsageError(f"{path} is written in a way that cannot be changed from here", f"edit {name} in it by hand")
    return path, content.encode()


def _places(table: Any, name: str) -> Iterator[tuple[Any, str]]:
    """(table, key) wherever a dotted name stands, which may be under tables or one quoted key."""
    for key, value in table.items():
        if key == name and not isinstance(value, dict):
            yield table, key
        elif isinstance(value, dict) and name.startswith(f"{key}."):
            yield from _places(value, name[len(key) + 1 :])


def _new_place(document: Any, name: str, path: str) -> tuple[Any, str]:
    """(table, key) for a dotted name that does not stand there yet. Raises UsageError where something else does."""
    import tomlkit

    word = setting_of(name).word  # there may be dots in it
    *tables, leaf = [*name.removesuffix(f".{word}").split("."), word] if word else name.split(".")
    place = document
    for table in tables:
        if table not in place:
            place[table] = tomlkit.table()
        place = place[table]
        if not isinstance(place, dict):
            raise UsageError(
                f"{path} has a value '{table}', where {name} wants a table",
                f"mend the file: a line [{table}], and under it {leaf} = ...",
            )
    if leaf in place and place[leaf] == {}:
        del place[leaf]  # what was under it has been taken out
    if leaf in place:
        raise UsageError(f"{path} has a table [{name}], and {name} is one value", f"mend the file: {leaf} = ...")
    return place, leaf


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
