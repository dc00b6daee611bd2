"""How alike two values are that are not equal: slips of hand and ear, initials, swapped and joined words."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from crmcli.domain.dedupe.names import LONG_FORMS, one_called_both
from crmcli.domain.dedupe.reading import sound

if TYPE_CHECKING:
    from collections.abc import Callable

#: Grades of likeness. UNKNOWN: one of them is missing. FITS: one is short for the other (J. for John, Alex for
#: Alexander, Bob for Robert).
UNKNOWN, DIFFERENT, FITS, NEAR, SAME = -1, 0, 1, 2, 3


@cache
def _slips() -> Callable[..., int]:
    """Insertions, deletions, exchanged and transposed letters between two texts (optimal string alignment)."""
    from rapidfuzz.distance import OSA

    distance: Callable[..., int] = OSA.distance
    return distance


@cache
def _ratio() -> Callable[..., float]:
    from rapidfuzz.distance import JaroWinkler

    similarity: Callable[..., float] = JaroWinkler.similarity
    return similarity


def slips(a: str, b: str, most: int) -> int:
    """How many slips are between two texts; `most` + 1 for more than that."""
    return _slips()(a, b, score_cutoff=most)


def words(a: str, b: str) -> int:
    """The grade of likeness of two words of a name."""
    if a == b:
        return SAME
    shorter, longer = (a, b) if len(a) <= len(b) else (b, a)
    short, long = len(shorter), len(longer)
    if short == 1:
        return FITS if longer[0] == shorter else DIFFERENT
    if a in LONG_FORMS and one_called_both(a, b):
        return FITS
    if long <= 2:
        return NEAR if a == b[::-1] else DIFFERENT
    most = 1 if long <= 4 else 2 if long <= 8 else 3
    found = _slips()(a, b, score_cutoff=most) if long - short <= most else most + 1
    # One slip is a slip; more of them only where the whole is alike or sounds so.
    if found == 1 or (found <= most and (_alike(a, b) or _ratio()(a, b) >= 0.84)):
        return NEAR
    if short >= 3 and longer.startswith(shorter):
        return FITS
    return NEAR if short >= 5 and a[0] == b[0] and _alike(a, b) else DIFFERENT


def _alike(a: str, b: str) -> bool:
    """Whether two words sound alike, and there is enough of them to say so."""
    code = sound(a)
    return len(code) > 2 and code == sound(b)


#: Given names one slip apart that brothers and sisters are called by; the others are recognised by their ending.
_SIBLINGS = (
    frozenset(("حسن", "حسین", "محسن", "احسان")), frozenset(("محمد", "محمود", "احمد", "حامد", "حمید")),
    frozenset(("امیر", "امین")), frozenset(("زهرا", "زهره")), frozenset(("مریم", "میترا")),
    frozenset(("hassan", "hossein", "hasan", "hosein", "hussein", "mohsen")),
    frozenset(("mohammad", "mahmoud", "ahmad", "mohammed", "ahmed", "hamed", "hamid")), frozenset(("amir", "amin")),
    frozenset(("alexander", "alexandra", "alexandre", "aleksandr", "aleksandra")),
    frozenset(("john", "joan")), frozenset(("christian", "christina", "christine")),
    frozenset(("eric", "erica", "erika")),
    frozenset(("marian", "marion", "marina")), frozenset(("simon", "simone")), frozenset(("dan", "ian", "jan")),
)  # fmt: skip


#: Names that begin others: محمدحسن, امیرعلی.
_BEGINNINGS = ("محمد", "امیر", "علی", "غلام", "mohammad", "mohammed", "amir", "ali")
_VOWELS = frozenset("aeiouyاهیو")


def siblings(a: str, b: str) -> bool:
    """Whether two words that are alike are two names: Paul and Paula, Mario and Maria, Anna and Anne, Marko and Mirko,
    سعید and سعیده, حسن and حسین, also behind a name that both begin with (محمدحسن), and nearly all that are so short as
    Tim and Tom."""
    for name in _BEGINNINGS:
        if a.startswith(name) and b.startswith(name) and min(len(a), len(b)) > len(name):
            return siblings(a[len(name) :], b[len(name) :])
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) == len(longer) <= 3:
        return True
    if longer[:-1] == shorter and longer[-1] in "aeه":
        return True
    other = [pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]]
    if len(a) == len(b) and len(other) == 1 and _VOWELS.issuperset(other[0]) and (len(a) <= 5 or a[:-1] == b[:-1]):
        return True
    return any(a in names and b in names for names in _SIBLINGS)


_DIGITS = dict.fromkeys(map(ord, "0123456789"))


@lru_cache(maxsize=16384)
def texts(a: str, b: str) -> int:
    """The grade of likeness of two longer values without spaces: a street, a city."""
    if a == b:
        return SAME
    long = max(len(a), len(b))
    most = 1 if long <= 4 else 2 if long <= 8 else 3
    if abs(len(a) - len(b)) > most:
        return DIFFERENT
    return NEAR if slips(a, b, most) <= most else DIFFERENT


def numbers(a: str, b: str) -> int:
    """The grade of likeness of two telephone numbers or other long numbers: one slip is near."""
    return SAME if a == b else NEAR if slips(a, b, 1) <= 1 else DIFFERENT


def numbered(a: str, b: str) -> bool:
    """Whether two texts differ in their digits only: ada1@ and ada2@ are two mailboxes."""
    return a.translate(_DIGITS) == b.translate(_DIGITS)


def days(a: str, b: str) -> int:
    """The grade of likeness of two days of eight digits: NEAR for one digit or two transposed, FITS for day and month
    exchanged."""
    if a == b:
        return SAME
    if a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6]:
        return FITS
    return NEAR if slips(a, b, 1) <= 1 else DIFFERENT


Match = tuple[int, int, int]


def matched(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[list[Match], list[int], list[int]]:
    """(place in a, place in b, grade) of the words that belong together, and the places left over on both sides.

    Two names that one of them writes apart ('jac ob', 'علی رضا') are put together before they are given up.
    """
    if len(a) == len(b) == 2:
        return _two_and_two(a, b)
    left_a, left_b = list(range(len(a))), list(range(len(b)))
    found: list[Match] = []
    grades = sorted(((words(a[i], b[j]), -abs(i - j), i, j) for i in left_a for j in left_b), reverse=True)
    for grade, _, i, j in grades:
        if grade and i in left_a and j in left_b:
            found.append((i, j, grade))
            left_a.remove(i)
            left_b.remove(j)
    if len(a) != len(b):
        _join(a, b, found, left_a, left_b)
    return found, left_a, left_b


def _two_and_two(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[list[Match], list[int], list[int]]:
    """`matched` for what nearly every pair of names is, without sorting."""
    first, second = words(a[0], b[0]), words(a[1], b[1])
    if not (first and second):
        crossed, back = words(a[0], b[1]), words(a[1], b[0])
        if crossed + back > first + second:
            found = [(i, j, grade) for i, j, grade in ((0, 1, crossed), (1, 0, back)) if grade]
            return (
                found,
                [1] if not back else [0] if not crossed else [],
                [0] if not back else [1] if not crossed else [],
            )
    found = [(i, i, grade) for i, grade in ((0, first), (1, second)) if grade]
    left = [i for i, grade in ((0, first), (1, second)) if not grade]
    return found, left, left


def _join(a: tuple[str, ...], b: tuple[str, ...], found: list[Match], left_a: list[int], left_b: list[int]) -> None:
    """Let two neighbouring words on one side, not yet the same as another, be one word of the other side."""
    for one, other, swapped in ((a, b, False), (b, a, True)):
        for i in range(len(one) - 1):
            joined = one[i] + one[i + 1]
            for j, word in enumerate(other):
                taken = [
                    m for m in found if (m[1] if swapped else m[0]) in (i, i + 1) or (m[0] if swapped else m[1]) == j
                ]
                if any(m[2] == SAME for m in taken) or (
                    joined != word and (len(word) < 4 or texts(joined, word) < NEAR)
                ):
                    continue
                grade = SAME if joined == word else NEAR
                for match in taken:
                    found.remove(match)
                found.append((j, i + 1, grade) if swapped else (i + 1, j, grade))
                used_one, used_other = (left_b, left_a) if swapped else (left_a, left_b)
                free = {m[1] if swapped else m[0] for m in taken}
                others = {m[0] if swapped else m[1] for m in taken}
                used_one[:] = [p for p in {*used_one, *free} if p not in (i, i + 1)]
                used_other[:] = [p for p in {*used_other, *others} if p != j]
                return
