"""Mail of the program's own through the server of the settings: who gets it, what it says, what became of it."""

from __future__ import annotations

from datetime import UTC
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Any

from crmcli.config import password_of
from crmcli.domain.dates import spoken_zone
from crmcli.domain.delivery import Fate, Outcome, read_addresses, read_mailbox
from crmcli.domain.text import fold, visible
from crmcli.domain.types import readable
from crmcli.errors import CrmError, UsageError
from crmcli.exchange.mail import Mail, Server, is_loopback, send_mail, write_mail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crmcli.config import Settings
    from crmcli.context import Context
    from crmcli.results import Page, Rows

_SET_UP = """\
crm config set smtp.host mail.example.com
  crm config set smtp.user YOU
  crm config set smtp.password -   # asks for it
  crm config set mail.from you@example.com"""
#: Columns of a page that do not stand in the line of a row: its command has a line of its own.
_COMMAND = "next"
_STYLE = "font-family:sans-serif;line-height:1.5"


# --- what the settings say --------------------------------------------------------------------------------------------


def is_set_up(ctx: Context) -> bool:
    """Whether the settings name a mail server."""
    return bool(ctx.settings["smtp.host"])


def server(ctx: Context) -> Server:
    """The server that mail goes through. Raises UsageError with the commands that set it up where there is none."""
    own = ctx.settings
    host = str(own["smtp.host"])
    if not host:
        raise UsageError("there is no mail server to send it through", _SET_UP)
    security = str(own["smtp.security"]) or ("none" if is_loopback(host) else "starttls")
    return Server(host.strip("[]"), int(own["smtp.port"]), security, str(own["smtp.user"]), lambda: _password(own))


def _password(own: Settings) -> str:
    """The password of the settings, or the first line of what their command says. Raises UsageError."""
    if secret := str(own["smtp.password"]):
        return secret
    command = str(own["smtp.password_cmd"])
    if not command:
        raise UsageError(
            "there is a name to log in with at the mail server, and no password",
            "'crm config set smtp.password -' asks for it; 'crm config set smtp.password_cmd COMMAND' runs a program",
        )
    return password_of(command, "the command in smtp.password_cmd")


def recipients(ctx: Context, to: str = "") -> tuple[str, ...]:
    """The addresses that mail goes to: those in `to`, else of the setting mail.to, else of whoever is at work. Raises
    UsageError with the commands that set one where there is none, FieldError for what is no address."""
    found = read_addresses(to or str(ctx.settings["mail.to"])) or tuple(filter(None, [_own_address(ctx)]))
    if not found:
        raise UsageError(
            f"nobody is named whom mail goes to, and the user {ctx.actor} has no e-mail address",
            f"{ctx.settings.calling('user', 'edit', ctx.actor, 'email=you@example.com')}\n"
            "  or: crm config set mail.to you@example.com",
        )
    return found


def _own_address(ctx: Context) -> str:
    found = ctx.reader.one("SELECT email FROM crm_user WHERE name_key = ?", (fold(ctx.actor),))
    return str(found[0] or "") if found else ""


def sender(ctx: Context) -> str:
    """The mailbox that mail comes from. Raises UsageError where nothing says it."""
    login = str(ctx.settings["smtp.user"])
    found = str(ctx.settings["mail.from"]) or _own_address(ctx) or (login if "@" in login else "")
    if not found:
        raise UsageError("nothing says whom mail comes from", "crm config set mail.from you@example.com")
    return found


def key_of_now(ctx: Context, kind: str) -> str:
    """The key of a message that is made now, once: by whom, for which book, to the millisecond."""
    whose = sha256(f"{ctx.actor}\0{ctx.settings.database}".encode()).hexdigest()[:12]
    return f"{kind}.{ctx.env.now.astimezone(UTC):%Y%m%dT%H%M%S%f}.{whose}"


# --- sending ----------------------------------------------------------------------------------------------------------


def write(
    ctx: Context, subject: str, text: str, *, key: str, html: str = "", to: Sequence[str] = ()
) -> tuple[Mail, bytes]:
    """A mail to `to`, or to whom the settings name, and its bytes. `key` (letters, digits, dots, hyphens) makes the
    Message-ID: the same key is the same message. Raises UsageError for settings that are missing."""
    subject, text, html = visible(subject), visible(text, multiline=True), visible(html, multiline=True)
    mailbox = sender(ctx)
    host = read_mailbox(mailbox).email.rpartition("@")[2]
    mail = Mail(mailbox, tuple(to) or recipients(ctx), subject, text, f"<{key}@{host}>", ctx.env.now, html)
    return mail, write_mail(mail)


def send(ctx: Context, mail: Mail, data: bytes) -> Outcome:
    """Send what `write` made, once; what became of it. Raises CrmError before anything is handed over."""
    return send_mail(server(ctx), read_mailbox(mail.sender).email, mail.to, data)


def must_be_sent(outcome: Outcome) -> None:
    """Raises CrmError where a mail is not known to have come."""
    hints = {
        Fate.DEFERRED: "nobody has it; it may be sent again",
        Fate.REFUSED: "nobody has it; 'crm notify test mail' tries the settings",
        Fate.DOUBTFUL: "look whether it came before you send it again",
    }
    if not outcome.sent:
        hint = hints[Fate.REFUSED if outcome.down else outcome.fate]
        raise CrmError(f"the mail is {outcome.fate}: {outcome.detail}", hint)


# --- pages as mail ----------------------------------------------------------------------------------------------------


def page_text(ctx: Context, page: Page) -> str:
    """A page as plain text: its sections that have rows, one line a row, its command on a line of its own."""
    lines = [page.title]
    for title, rows in _filled(page):
        lines += ["", title]
        for words, command in _lines(ctx, rows):
            lines.append(f"- {words}")
            if command:
                lines.append(f"    {command}")
    lines += ["", "Nothing wants you today." if len(lines) == 1 else _times(ctx)]
    return "\n".join(lines) + "\n"


def page_html(ctx: Context, page: Page) -> str:
    """The same as HTML without anything that is loaded from elsewhere; each text finds its own direction."""
    parts = [
        '<!DOCTYPE html><html><head><meta charset="utf-8"></head>',
        f'<body style="{_STYLE}"><h1 dir="auto">{escape(page.title)}</h1>',
    ]
    for title, rows in _filled(page):
        parts.append(f'<h2 dir="auto">{escape(title)}</h2><ul>')
        for words, command in _lines(ctx, rows):
            code = f'<br><code dir="ltr">{escape(command)}</code>' if command else ""
            parts.append(f'<li dir="auto">{escape(words)}{code}</li>')
        parts.append("</ul>")
    last = escape("Nothing wants you today." if len(parts) == 2 else _times(ctx))
    return "\n".join([*parts, f"<p>{last}</p>", "</body></html>", ""])


def _times(ctx: Context) -> str:
    return f"Times are those of {spoken_zone(ctx.env.now)}."


def _filled(page: Page) -> Iterable[tuple[str, Rows]]:
    for section in page.sections:
        rows = list(section.rows.rows)
        if rows:
            yield section.title, section.rows._replace(rows=rows)


def _lines(ctx: Context, rows: Rows) -> Iterable[tuple[str, str]]:
    """(what a row says, its command) of each row."""
    zone, calendar = ctx.env.now.tzinfo, ctx.env.calendar

    def shown(column: Any, value: Any) -> str:
        if value in (None, "", []):
            return ""
        return readable(column.type, value, zone=zone, calendar=calendar) if column.type else str(value)

    for row in rows.rows:
        told = [shown(column, row.get(column.name)) for column in rows.columns if column.name != _COMMAND]
        yield " · ".join(filter(None, told)), str(row.get(_COMMAND) or "")
