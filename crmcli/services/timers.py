"""How `crm remind` is run every minute: units of systemd, and a line for a crontab."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from crmcli import config
from crmcli.domain.address import redacted
from crmcli.domain.delivery import read_channels
from crmcli.errors import CrmError, UsageError
from crmcli.store.connect import is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crmcli.context import Context

SERVICE, TIMER = "crm-remind.service", "crm-remind.timer"
#: What of this environment says which book, which settings and whose name are meant.
VARIABLES = ("CRM_HOME", "CRM_USER", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME")
_FOLDERS = frozenset(name for name in VARIABLES if name.endswith("HOME"))
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
    return [*program(), *book, "remind", "-q", *(["--via", via] if via else []), *words]


def variables() -> dict[str, str]:
    """What of this environment the program needs there, folders from the root on."""
    given = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    return {name: os.path.abspath(value) if name in _FOLDERS else value for name, value in given.items()}


def units(ctx: Context, words: Sequence[str] = (), via: str = "") -> dict[str, str]:
    """The service and the timer, by the names of their files. Raises what `command` raises, and UsageError for
    reminders that would go into a log alone."""
    if read_channels(via or str(ctx.settings["remind_channels"])) == ["terminal"]:
        raise UsageError(
            "nobody looks at the terminal of a timer", "crm config set remind_channels mail    # or --via mail,desktop"
        )
    environment = "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in variables().items())
    line = " ".join(_quoted(word).replace("$", "$$") for word in command(ctx, words, via))
    return {SERVICE: _SERVICE.format(environment=environment, command=line), TIMER: _TIMER}


def _quoted(word: str) -> str:
    """A word of a command or an assignment as systemd reads it; in a command a $ is doubled besides."""
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
