"""Addresses: which server an account is on, and one normal form of the paths there."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import httpx2

from crm_dav.errors import AnswerError, ElsewhereError
from crm_dav.texts import shown
from crmcli.api import UsageError

#: Beside letters, digits and -._~ these stay as they are: servers write them plainly or in percents, as they please.
_PLAIN = "@:"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._@-]{0,99}")


class Origin(NamedTuple):
    """A server: where the password goes, and nowhere else."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{host}" + ("" if usual else f":{self.port}")

    @property
    def loopback(self) -> bool:
        """Whether it is this machine itself."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def account(text: str, allow_http: bool) -> tuple[Origin, str]:
    """(the server, the href) of the address that somebody typed; https where no scheme is said.

    Raises UsageError for what is no web address, for one that carries a password, and for http to another machine
    unless `allow_http`. The messages do not repeat the address: it may hold a password.
    """
    text = text.strip()
    split = _split(text if "://" in text else f"https://{text}")
    if split is None or split[0].scheme not in ("http", "https"):
        raise UsageError("the address of the DAV server cannot be read", "write it as https://dav.example.org/")
    if split[2]:
        raise UsageError(
            "the address of the DAV server holds a name or a password", "leave out what stands before the @"
        )
    origin, path, _ = split
    if origin.scheme == "http" and not (allow_http or origin.loopback):
        raise UsageError(
            f"{origin} would send the password where others can read it", "write https:// instead of http://"
        )
    return origin, normal(path)


def _split(url: str) -> tuple[Origin, str, bool] | None:
    """(server, path, whether a user is named) of an absolute URL; None for what is none."""
    try:
        parts = urlsplit(url)
        parsed = httpx2.URL(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/")
        host = parsed.raw_host.decode("ascii").rstrip(".")
    except (ValueError, httpx2.InvalidURL):
        return None
    if not host:
        return None
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    return Origin(parsed.scheme, host.lower(), port), parts.path, "@" in parts.netloc


def normal(path: str) -> str:
    """The one form of a path: absolute, no dot segments, percents only where needed and in capitals.

    A slash that was written as %2F stays one; a last slash stays, for it tells collections from items.
    """
    kept: list[str] = []
    segments = [unquote_to_bytes(segment) for segment in path.split("/")]
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(quote(segment, safe=_PLAIN))
    last = "/" if kept and segments[-1] in (b"", b".", b"..") else ""
    return "/" + "/".join(kept) + last


def quoted(name: str) -> str:
    """A name as one segment of an href."""
    return quote(name, safe=_PLAIN)


def href(origin: Origin, base: str, text: str) -> str:
    """The href that a server's answer to a question at `base` names, relative or absolute.

    Scheme and port are not compared: servers behind a proxy often do not know theirs, and we ask where we asked before
    anyhow. Raises AnswerError for another host.
    """
    there = resolve(origin, base, text)
    if there[0].host != origin.host:
        raise AnswerError(
            f"{origin} names things on another server: {there[0]}",
            "its own address is probably set wrongly behind a proxy; or give that address instead, if you trust it",
        )
    return there[1]


def resolve(origin: Origin, base: str, text: str) -> tuple[Origin, str]:
    """(server, href) that a text means which stands in an answer to a question at `base`. Raises AnswerError."""
    try:
        split = _split(urljoin(f"{origin}{base}", text.strip()))
    except ValueError:
        split = None
    if split is None:
        raise AnswerError(f"{origin} names an address that is none: {shown(text)}", "tell whoever runs the server")
    return split[0], normal(split[1])


def redirected(origin: Origin, base: str, location: str) -> tuple[Origin, str]:
    """Where a redirect leads: on the same server, or from http to https on the same host with the usual ports.

    Raises ElsewhereError for all others, and AnswerError for what is no address.
    """
    there, path = resolve(origin, base, location)
    if there == origin or (origin.port, *there) == (80, "https", origin.host, 443):
        return there, path
    url = shown(f"{there}{path}")
    raise ElsewhereError(
        f"{origin} sends us on to {url}, which gets no password from us",
        "if you trust that server, give its address as the account's",
        url,
    )


def below(collection: str, member: str) -> bool:
    """Whether an href stands inside a collection's, and is not the collection itself."""
    inside = collection.rstrip("/") + "/"
    return member.startswith(inside) and member != inside


def same(one: str, other: str) -> bool:
    """Whether two hrefs are of one collection, with or without a last slash."""
    return one.rstrip("/") == other.rstrip("/")


def file_name(uid: str, ending: str) -> str:
    """The name for a new item in a collection: its UID where every server can have that in a path, else a digest.
    `ending` is `ics` or `vcf`."""
    if _NAME.fullmatch(uid) and ".." not in uid:
        return f"{uid}.{ending}"
    return f"{hashlib.sha256(uid.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.{ending}"


def last_segment(path: str) -> str:
    """The last part of an href as people read it."""
    return unquote_to_bytes(path.rstrip("/").rpartition("/")[2]).decode("utf-8", "replace")
