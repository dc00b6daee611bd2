"""Files in the making: a copy of a book grows under a name of its own, and what a killed process left is taken away."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from typing import TYPE_CHECKING

from crmcli.errors import StoreError
from crmcli.store.connect import APPLICATION_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What SQLite and the queue of writers put beside a file.
COMPANIONS = ("-journal", "-wal", "-shm", ".lock")
_DRAFT = re.compile(r"(?P<name>.+?)\.(?:new|restore)-(?P<pid>\d+)(?:\.new-\d+)?(?:-journal|-wal|-shm|\.lock)?")


@contextlib.contextmanager
def draft(file: str) -> Iterator[str]:
    """The name of an empty private file beside `file`, which is to become it; what still has that name at the end is
    taken away. Raises StoreError where it cannot be made or written."""
    name = f"{file}.new-{os.getpid()}"
    try:
        discard(name)  # a process of this number that is gone left it: in a container all of them have the same
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror}", "check the folder and its permissions"
        ) from None
    try:
        yield name
    except OSError as error:
        raise StoreError(
            f"{file} cannot be written: {error.strerror}", "check the folder's space and permissions"
        ) from None
    finally:
        discard(name)


def place(draft: str, file: str) -> None:
    """Give a draft its name, never that of something that is there (FileExistsError): the file appears whole.

    Where the file system has no hard links (vfat, exFAT, some network mounts) the name is taken with an empty file
    first, which the draft then replaces; a process killed between the two leaves it empty, never half.
    """
    try:
        os.link(draft, file)
        return
    except FileExistsError:
        raise
    except OSError:  # whatever else hinders a link hinders an empty file too, and says so better
        claim = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        if os.fstat(claim).st_size or not os.path.samestat(os.fstat(claim), os.stat(file)):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), file)  # somebody put something there
        try:
            os.replace(draft, file)
        except OSError:
            os.unlink(file)
            raise
    finally:
        os.close(claim)


def is_draft(file: str) -> bool:
    """Whether a path has the name of a file in the making, which `sweep` takes away."""
    return _DRAFT.fullmatch(os.path.basename(file)) is not None


def companion_of(file: str) -> str:
    """The file that is there and beside which the engine or the queue of writers has one of this path; "" for none."""
    for companion in COMPANIONS:
        base = file.removesuffix(companion)
        if base != file and os.path.isfile(base):
            return base
    return ""


def sync(path: str) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def discard(name: str) -> None:
    """Take away a file with all that stands beside it."""
    for part in (name, *(name + companion for companion in COMPANIONS)):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)


def sweep(folder: str, name: str, say: Callable[[str], None], *, all_of_ours: bool = False) -> None:
    """Take away the drafts of the file `name` whose process is gone, and with `all_of_ours` those of any other book
    in the folder too, told by their heads. What cannot be taken away stays."""
    try:
        listed = sorted(os.listdir(folder))
    except OSError:
        return
    for other in listed:
        found = _DRAFT.fullmatch(other)
        if found is None or _alive(int(found["pid"])):
            continue
        path = os.path.join(folder, other)
        if found["name"] != name and not (all_of_ours and _ours(path)):
            continue
        with contextlib.suppress(OSError):
            os.unlink(path)
            say(f"took away {other}, left by a process that was killed")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _ours(path: str) -> bool:
    """Whether a file begins as our books do."""
    try:
        with open(path, "rb") as file:
            head = file.read(100)
    except OSError:
        return False
    return head.startswith(b"SQLite format 3\0") and int.from_bytes(head[68:72], "big") == APPLICATION_ID
