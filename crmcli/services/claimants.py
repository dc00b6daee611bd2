"""Processes that have claimed work in the book: who this one is, and whether another one still runs.

A claimant is `HOST/BOOT/NAMESPACE:PID:START`. What stands before the colon names the machine since it was started, and
which numbers of its processes are meant; with its start the number of a process is not that of a later one.
"""

from __future__ import annotations

import os
from functools import cache


@cache
def _place() -> str:
    """Where the number of a process means what it means here; "" where the machine does not say."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        space = os.readlink("/proc/self/ns/pid").strip("pid:[]")
    except OSError:
        return ""
    return f"{os.uname().nodename}/{boot[:8]}/{space}"


def _started(pid: int) -> str:
    """When a process was started, in ticks of the machine; "" where there is none, or only what is left of one that
    ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, *rest = file.read().rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else rest[18]


def this_one() -> str:
    """This process as a claimant."""
    return f"{_place() or os.uname().nodename}:{os.getpid()}:{_started(os.getpid())}"


def runs(claimant: str) -> bool:
    """Whether a claimant is known to run: a process of this machine."""
    return _known(claimant) is True


def has_ended(claimant: str) -> bool:
    """Whether a claimant is known to run no more: one of this machine of which there is no process."""
    return _known(claimant) is False


def _known(claimant: str) -> bool | None:
    """Whether a claimant runs; None of those of other machines, of which nothing is known."""
    place, _, process = claimant.partition(":")
    pid, _, start = process.partition(":")
    if not place or place != _place() or not pid.isdigit():
        return None
    return _started(int(pid)) == start
