"""How `crm remind` is run every minute: units of systemd, and a line for a crontab."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from crmcli import config
from crmcli.domain.address import redacted
from crmcli.domain.delivery import BUILT_IN, read_channels
from crmcli.domain.entities import TASK
from crmcli.errors import CrmError, UsageError
from crmcli.services import records, reminder_due, reminding
from crmcli.settings import SETTINGS
from crmcli.store.connect import is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

SERVICE, TIMER = "crm-remind.service", "crm-remind.timer"
#: What of this environment says which book and whose name are meant, which zone, and whom connections trust. Settings
#: that are there come on top.
VARIABLES = (
    "CRM_HOME", "CRM_USER", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TZ",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
)  # fmt: skip
_FOLDERS = frozenset(name for name in VARIABLES if name.startswith(("XDG_", "CRM_HOME", "SSL_", "REQUESTS_")))
#: Settings that are words of the command.
_SPELLED = ("db", "remind_channels")
START = f"systemctl --user daemon-reload && systemctl --user enable --now {TIMER}"

_SERVICE = """\
# Made by 'crm remind install'.
[Unit]
Description=Due reminders of crm
Documentation=man:systemd.service(5)

[Service]
Type=oneshot
{environment}ExecStart={command}
# What a channel may take is far below it; what is killed here is told as doubtful.
TimeoutStartSec=10min
Nice=10
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
"""
_TIMER = """\
# Made by 'crm remind install'.
[Unit]
Description=Due reminders of crm, every minute

[Timer]
OnCalendar=*-*-* *:*:00
AccuracySec=1s
Persistent=true

[Install]
WantedBy=timers.target
"""


def program() -> list[str]:
    """The words that run this program from anywhere."""
    called = sys.argv[0]
    found = shutil.which(called) if os.path.basename(called) == "crm" else None
    return [os.path.abspath(found)] if found else [os.path.abspath(sys.executable), "-m", "crmcli"]


def command(ctx: Context, words: Sequence[str] = (), via: str = "") -> list[str]:
    """The words that remind in the background, on the book in force. Raises UsageError where nobody would see it, and
    for a book whose address has a password in it, which others could read there."""
    target, origin = ctx.settings.find("db")
    book: list[str] = []
    if target and origin in ("flag", "CRM_DB"):
        if redacted(target) != target:
            raise UsageError(
                "the address of the book has a password in it, which others could read in the unit",
                "keep it in ~/.pgpass, or the whole address in the settings: crm config set db URL",
            )
        book = ["--db", target if is_url(target) else os.path.abspath(target)]
    named, said = ctx.settings.find("remind_channels")
    via = via or ("" if said == config.config_file() else str(named))
    return [*program(), *book, "remind", "-q", *(["--via", via] if via else []), *words]


def variables() -> dict[str, str]:
    """What of this environment the program needs there, folders and files from the root on."""
    own = (setting.variable for name, setting in SETTINGS.items() if not setting.secret and name not in _SPELLED)
    given = {name: os.environ[name] for name in dict.fromkeys((*VARIABLES, *own)) if os.environ.get(name)}
    return {name: os.path.abspath(value) if name in _FOLDERS else value for name, value in given.items()}


def _check_runs(ctx: Context, words: Sequence[str], via: str) -> None:
    """Raises what would fail there, where nobody looks: UsageError for channels that nobody sees, for a filter that
    means nothing and for a secret of the environment alone, and NotFoundError for a channel that is not there."""
    names = read_channels(via or str(ctx.settings["remind_channels"]))
    if names == ["terminal"]:
        raise UsageError(
            "nobody looks at the terminal of a timer", "crm config set remind_channels mail    # or --via mail,desktop"
        )
    services = [name for name in names if name not in BUILT_IN]
    for name, needed in (("smtp.password", "mail" in names), ("notify.urls", bool(services))):
        if needed and ctx.settings.given(name)[1] == SETTINGS[name].variable and name not in ctx.settings.file:
            raise UsageError(
                f"{name} is in the environment alone, and others could read it in the unit", f"crm config set {name} -"
            )
    for name in services:
        reminding.channels(ctx, name)
    records.bound(ctx, TASK, records.filter_text(TASK, words) or reminder_due.MINE, scope=False)


def units(ctx: Context, words: Sequence[str] = (), via: str = "") -> dict[str, str]:
    """The service and the timer, by the names of their files. Raises what `command` raises, and UsageError or
    NotFoundError for what would fail where nobody looks."""
    _check_runs(ctx, words, via)
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in variables().items())
    first, *rest = command(ctx, words, via)
    line = " ".join([_quoted(first), *(_quoted(word).replace("$", "$$") for word in rest)])
    return {SERVICE: _SERVICE.format(environment=environment, command=line), TIMER: _TIMER}


def _quoted(word: str) -> str:
    """A word of a command or an assignment as systemd reads it; in what follows a program a $ is doubled besides."""
    _check(word)
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{plain}"'


def _check(word: str) -> None:
    if any(sign < " " or sign == "\x7f" for sign in word):
        raise UsageError("a word with line ends or other control characters goes into no unit")


def crontab(ctx: Context, words: Sequence[str] = (), via: str = "") -> str:
    """A line for a crontab that does the same. In one, % ends a command unless it is escaped."""
    from shlex import join

    given = [f"{name}={value}" for name, value in variables().items()]
    line = join([*(["env"] if given else []), *given, *command(ctx, words, via)])
    _check(line)
    return "* * * * * " + line.replace("%", "\\%")


def folder() -> str:
    """Where the units of a user are."""
    root = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(root):
        root = os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(root, "systemd", "user")


def install(ctx: Context, words: Sequence[str] = (), via: str = "") -> list[str]:
    """Write the units into the folder of the user's; the paths of the files. Raises CrmError where it takes none."""
    made = units(ctx, words, via)
    paths = [os.path.join(folder(), name) for name in made]
    if ctx.rehearsing:
        return paths
    try:
        os.makedirs(folder(), exist_ok=True)
        for path, text in zip(paths, made.values(), strict=True):
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise CrmError(f"{error.filename or folder()}: {error.strerror}", config.WRITABLE) from None
    return paths
