"""One message to one service that apprise knows, and what is known of it afterwards.

Apprise answers True or False, and False is "no" as well as "no answer in time", after which the service may have the
message. Nearly all of its services speak HTTP through requests, so each exchange of a call is looked at; what speaks
anything else and says False is doubtful. What an address may ask for besides is not done: to try again (`?retry=`),
and to call a failure a success (`?optional=`).
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from threading import Lock
from typing import TYPE_CHECKING, Any

from crmcli.domain.delivery import Fate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How it is installed; as in the extra `notify` of pyproject.toml.
LIBRARY_HINT = "apprise is missing: into the environment of crm, pip install 'apprise>=2.2'"
#: Answers of HTTP that say "not now" (RFC 9110, RFC 6585): the request was not acted on.
_NOT_NOW = (408, 425, 429, 503)
_MOVED = Outcome(Fate.REFUSED, "the service has moved, and what it was sent is lost on the way: set its new address")
_WATCHING = Lock()


def notify(url: str, title: str, body: str) -> Outcome:
    """Give a message to the service at `url`, once. What came of it is told without a word of the URL, because much of
    it is secret; nothing is raised for what the service does."""
    try:
        from apprise import Apprise, AppriseAsset, NotifyFormat
    except ImportError:
        return Outcome(Fate.DEFERRED, LIBRARY_HINT)
    with _silent():
        service = Apprise.instantiate(url)
        if service is None:
            return Outcome(Fate.REFUSED, "apprise knows no such address, or wants another library for it")
        service.retry, service.optional = 0, False
        caller = Apprise(asset=AppriseAsset(async_mode=False))
        caller.add(service)
        with _watched() as exchanges:
            done = bool(caller.notify(body=body, title=title, body_format=NotifyFormat.TEXT))
    # A service that has moved was asked for a page instead, which it may well have.
    return Outcome(Fate.SENT) if done and not any(each is _MOVED for each in exchanges) else _judged(exchanges)


def _judged(exchanges: list[Outcome]) -> Outcome:
    """What a call that failed comes to: the exchange of which least is known counts, and one that went well says that
    some of it may have been delivered."""
    if not exchanges:
        return Outcome(Fate.DOUBTFUL, "the service does not say why it failed: it may have the message")
    for fate in (Fate.DOUBTFUL, Fate.SENT, Fate.REFUSED, Fate.DEFERRED):
        for exchange in exchanges:
            if exchange.fate is fate:
                if fate is Fate.SENT:
                    return Outcome(Fate.DOUBTFUL, "only a part of it was taken, or it was taken and then refused")
                return exchange
    raise AssertionError


@contextlib.contextmanager
def _watched() -> Iterator[list[Outcome]]:
    """The exchanges by HTTP that are made meanwhile: apprise takes no session of ours, so its door is watched."""
    import requests

    found: list[Outcome] = []
    original = requests.Session.request

    def request(session: Any, method: str, *args: Any, **named: Any) -> Any:
        try:
            answer = original(session, method, *args, **named)
        except requests.RequestException as error:
            found.append(_failed(error))
            raise
        # RFC 9110, 15.4: 301, 302 and 303 make a GET without a body of a POST.
        moved = answer.history and answer.request.method != method.upper()
        found.append(_MOVED if moved else _answered(answer.status_code))
        return answer

    with _WATCHING:
        requests.Session.request = request  # type: ignore[method-assign,assignment]
        try:
            yield found
        finally:
            requests.Session.request = original  # type: ignore[method-assign]


def _answered(status: int) -> Outcome:
    """What an answer says of its request. A server that failed with it may have acted on it."""
    said = f"the service answered {status}"
    if 200 <= status < 300:
        return Outcome(Fate.SENT, said)
    if status in _NOT_NOW:
        return Outcome(Fate.DEFERRED, said)
    return Outcome(Fate.DOUBTFUL, f"{said}: it may have the message") if status >= 500 else Outcome(Fate.REFUSED, said)


def _failed(error: Exception) -> Outcome:
    """What an exchange without an answer says: whether the request can have left."""
    from requests import exceptions
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, ValueError) and isinstance(error, exceptions.RequestException):
        return Outcome(Fate.REFUSED, "the address of the service is none")
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    unreached = (exceptions.ConnectTimeout, exceptions.ProxyError, exceptions.SSLError)
    if isinstance(error, unreached) or isinstance(reason, NewConnectionError):
        said = "no safe connection to the service" if type(error) is exceptions.SSLError else "no connection to it"
        return Outcome(Fate.DEFERRED, said)
    late = "no answer in time" if isinstance(error, exceptions.Timeout) else "the connection was lost"
    return Outcome(Fate.DOUBTFUL, f"{late}: the service may have the message")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """What apprise and the libraries below it log or warn of may hold tokens: it goes nowhere."""
    loggers = [logging.getLogger(name) for name in ("apprise", "requests", "urllib3")]
    before = [logger.propagate for logger in loggers]
    nowhere = logging.NullHandler()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.addHandler(nowhere)
                logger.propagate = False
            yield
        finally:
            for logger, propagated in zip(loggers, before, strict=True):
                logger.removeHandler(nowhere)
                logger.propagate = propagated
