"""Ids of Salesforce: reports write them with 15 characters, the Data Loader with three more, which say their case."""

from __future__ import annotations

import re

#: What a profile puts before it, the 15 characters in which upper and lower case differ, and what says their case.
_ID = re.compile(r"([^\W\d]+[-_:./])?([0-9A-Za-z]{15})([A-Z0-5]{3})?", re.ASCII)
_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def other_form(external: str) -> str | None:
    """The same id as the other one of the two writes it; None for one that is neither."""
    found = _ID.fullmatch(external)
    if found is None:
        return None
    prefix, short, suffix = found[1] or "", found[2], found[3]
    of_case = "".join(
        _SUFFIX[sum(1 << place for place, char in enumerate(short[start : start + 5]) if "A" <= char <= "Z")]
        for start in (0, 5, 10)
    )
    if suffix is None:
        return f"{prefix}{short}{of_case}"
    return prefix + short if suffix == of_case else None


def same(one: str | None, other: str | None) -> bool:
    """Whether two ids are one."""
    return one == other or bool(one and other and one[:15] == other[:15] and other_form(one) == other)
