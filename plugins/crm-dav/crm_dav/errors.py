"""What can go wrong between the program and a DAV server, as kinds of CrmError that say what to do."""

from __future__ import annotations

from crmcli.api import ConflictError, CrmError, NotFoundError, ReadError, RefusedError


class AwayError(CrmError):
    """The server cannot be reached, does not answer in time, or says that it has trouble of its own: try later."""


class TroubleError(AwayError):
    """The server was reached, and fails: it says so (5xx), breaks off, or does not answer in time. What was written may
    be there or not. It may be one item that it cannot deal with."""


class BusyError(AwayError):
    """The server asks to come back later than we wait; `seconds` is how long it asks for."""

    def __init__(self, message: str, hint: str = "", seconds: float = 0.0) -> None:
        super().__init__(message, hint)
        self.seconds = seconds


class CertificateError(CrmError):
    """The server does not prove who it is, or speaks no TLS there."""


class PasswordError(RefusedError):
    """401: the user or the password is wrong, or none was given."""


class ForbiddenError(RefusedError):
    """403 or 405: the server knows who asks, and does not let this be done."""


class RejectedError(RefusedError):
    """The server does not take what was sent. `conditions` are the names of the preconditions that it says were not
    met, without their namespaces (`valid-calendar-data`, `max-resource-size` ...)."""

    def __init__(self, message: str, hint: str = "", conditions: frozenset[str] = frozenset()) -> None:
        super().__init__(message, hint)
        self.conditions = conditions


class ElsewhereError(RefusedError):
    """The server sends us to another one, which gets no password from us; `url` is where."""

    def __init__(self, message: str, hint: str = "", url: str = "") -> None:
        super().__init__(message, hint)
        self.url = url


class NotDavError(ReadError):
    """What answers there is no CalDAV or CardDAV server."""


class AnswerError(ReadError):
    """An answer that cannot be read, that does not fit the question, or that is made to do harm."""


class TooLargeError(AnswerError):
    """An answer larger than we keep in memory."""


class MissingError(NotFoundError):
    """404 or 410: no such collection or item, or it is not shown to this user."""


class PreconditionError(ConflictError):
    """412: the item at `href` is another than the one that was meant, or is there though it should be new.

    Nothing was written. Whoever meant it reads the item again and decides.
    """

    def __init__(self, message: str, hint: str = "", href: str = "") -> None:
        super().__init__(message, hint)
        self.href = href


class UidConflictError(ConflictError):
    """Another item of the collection has the UID already; `href` is that item where the server names it, else empty.
    Nothing was written."""

    def __init__(self, message: str, hint: str = "", href: str = "") -> None:
        super().__init__(message, hint)
        self.href = href


class SyncTokenError(ConflictError):
    """The server cannot say what changed since this token: list everything (`Client.listing`) and compare."""
