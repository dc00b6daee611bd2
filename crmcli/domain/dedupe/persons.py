"""What the names and birthdays of two people say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.domain.dedupe import likeness
from crmcli.domain.dedupe.likeness import DIFFERENT, FITS, NEAR, SAME, UNKNOWN
from crmcli.domain.dedupe.names import one_called_both
from crmcli.domain.dedupe.tally import FATHERS

if TYPE_CHECKING:
    from crmcli.domain.dedupe.counts import Counts
    from crmcli.domain.dedupe.reading import Read
    from crmcli.domain.dedupe.tally import Tally

#: The chances, as log2, that relatives have a word of a name in common: the surname; one of several given names, as
#: Mohammad Ali and Mohammad Reza; the whole given name. And that a name stands surname first where nothing says so.
_FAMILY, _BROTHERS, _NOBODY = -0.3, -2.0, -7.6
_TURNED = -5.0


def person_name(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.words or not b.words:
        return
    if a.words == b.words:
        given, family, swapped = SAME, SAME, False
        pairs = [(i, i, SAME) for i in range(len(a.words))]
        if len(pairs) == 1:
            given = UNKNOWN
    else:
        pairs, left_a, left_b = likeness.matched(a.words, b.words)
        given, family, swapped = _roles(pairs, left_a, left_b, len(a.words), len(b.words))
    tally.given, tally.surname = given, family
    # Brothers and sisters whose names stand surname first: 'Huber Lisa' and 'Huber Anna', as in half of the world.
    turned = family == DIFFERENT and given >= FITS and any(i == j == 0 and grade >= NEAR for i, j, grade in pairs)
    tally.twins = turned or given < FITS
    for at, (i, j, grade) in enumerate(pairs):
        surname = _is_surname(i, j, len(a.words), len(b.words)) and not (swapped and at == 0)
        in_family = _FAMILY if turned and i == j == 0 else _BROTHERS if turned or given == DIFFERENT else _NOBODY
        _word(counts, a.words[i], b.words[j], grade, surname, in_family, tally)
    if given == DIFFERENT or family == DIFFERENT:
        same = -9.0 if given == family and len(a.words) + len(b.words) > 2 else -4.6 if given != DIFFERENT else -6.0
        tally.add(same, 0.0, _TURNED if turned else -2.3 if family == DIFFERENT else -0.05, 0.0)
    if swapped:
        tally.add(-2.5, 0.0, -5.0, 0.0)
    _generation(a, b, tally)
    whole = a.shown_name, b.shown_name
    if given != DIFFERENT and family != DIFFERENT:
        exact = all(pair[2] == SAME for pair in pairs)
        if a.name == b.name or (exact and len(a.words) == len(b.words)):
            code = "name"
        else:
            code = "name-near" if any(pair[2] == NEAR for pair in pairs) else "name-short"
        tally.mark("name-swapped" if swapped and exact else code, *whole)
    elif given == DIFFERENT and family == DIFFERENT:
        tally.mark("names-differ", *whole)
    else:
        tally.mark("given-differs" if given == DIFFERENT else "surname-differs", *whole)


def _is_surname(i: int, j: int, long_a: int, long_b: int) -> bool:
    """Whether the words at these places stand where a surname stands in one of the names."""
    if long_a == 1:
        return j == long_b - 1
    return i == long_a - 1 or (long_b > 1 and j == long_b - 1)


def _roles(
    pairs: list[likeness.Match], left_a: list[int], left_b: list[int], long_a: int, long_b: int
) -> tuple[int, int, bool]:
    """(grade of the given names, grade of the surnames, whether they are swapped)."""
    given, family = UNKNOWN, UNKNOWN
    ends = {(i, j) for i, j, _ in pairs}
    crossed = long_a > 1 and long_b > 1 and {(0, long_b - 1), (long_a - 1, 0)} <= ends
    for i, j, grade in pairs:
        if _is_surname(i, j, long_a, long_b):
            family = max(family, grade)
        else:
            given = max(given, grade)
    both_left = bool(left_a and left_b)
    if crossed and not both_left and len(pairs) > 1:
        return max(given, family), family, True
    if both_left:
        # Of two given names one may agree: brothers are called Mohammad Ali and Mohammad Reza.
        surnames_left = long_a - 1 in left_a and long_b - 1 in left_b
        if family == UNKNOWN and (surnames_left or not pairs):
            family = DIFFERENT
        if not surnames_left or given == UNKNOWN:
            given = DIFFERENT
    return given, family, crossed


def _word(counts: Counts, a: str, b: str, grade: int, surname: bool, in_family: float, tally: Tally) -> None:
    """One word of a name that both have, the same or nearly; relatives whose names otherwise differ have such a word in
    common with the chance `in_family`, as log2, if it is no surname."""
    bits = counts.bits("word", a) if a == b else min(counts.bits("word", a), counts.bits("word", b))
    if grade == SAME:
        if surname:
            tally.add(-0.3, -bits, -0.3, -min(bits, 6.0))
        else:
            tally.add(-0.2, -bits, -min(bits + 2.3, -in_family), -bits)
    elif grade == NEAR:
        # Four other words are so near to a short one by chance, fewer to a long one.
        chance = -max(bits - (1.5 if min(len(a), len(b)) >= 6 else 2.0), 2.0)
        if surname:
            tally.add(-2.5, chance, -2.8, max(chance, -8.0))
        else:
            # Brothers may be called Hassan and Hossein, but nobody is called Nichooas.
            known = max(counts.bits("word", a), counts.bits("word", b)) < counts.rare_word
            if known or likeness.siblings(a, b):
                tally.twins = True
                tally.add(-2.5, chance, max(chance, -3.0), max(chance, -3.0))
            else:
                tally.add(-2.5, chance, -8.0 if max(len(a), len(b)) > 3 else -7.0, chance)
    elif min(len(a), len(b)) == 1:
        tally.add(-3.5, -7.1, -7.1, -7.1)  # who writes initials, and whose initial it is by chance
    elif not surname and one_called_both(a, b):
        # One in six is called by the short form elsewhere. By chance twice as many are as have that one name, but a
        # family that has Robert calls nobody else Bob, unless it is the son of that name.
        chance = -max(bits - 1.0, 3.6)
        tally.add(-2.5, chance, -8.5, chance)
    else:
        chance = -max(bits - 2.0, 3.6)
        tally.add(-4.5, chance, max(chance, -7.0), chance)


def _generation(a: Read, b: Read, tally: Tally) -> None:
    if a.generation == b.generation:
        return
    if a.generation and b.generation:
        tally.add(-9.0, 0.0, -1.0, 0.0)
        tally.mark("generation", a.generation, b.generation)
    else:
        tally.add(-2.0, -1.0, 4.0, -1.0)  # relatives of one name are who writes Jr.


def birthday(counts: Counts, a: Read, b: Read, tally: Tally) -> None:
    if not a.birthday or not b.birthday:
        return
    grade = likeness.days(a.birthday, b.birthday)
    tally.birthday = grade
    if grade == SAME:
        bits = counts.bits("birthday", a.birthday)
        twins = -8.8 if tally.given == UNKNOWN else -7.5
        tally.add(-0.1, -bits, twins if tally.twins else -bits, -bits)
        tally.mark("birthday", a.birthday, b.birthday)
    elif grade == FITS:
        tally.add(-6.0, -13.0, -13.0, -13.0)
        tally.mark("birthday-swapped", a.birthday, b.birthday)
    elif grade == NEAR:
        tally.add(-4.6, -8.2, -8.2, -8.2)
        tally.mark("birthday-near", a.birthday, b.birthday)
    else:
        # Father and son may have one name; who is of nearly one age, or two generations older, has not.
        apart = abs(int(a.birthday[:4]) - int(b.birthday[:4]))
        father = apart in FATHERS
        tally.add(-6.0 if father else -5.0, 0.0, -5.0 if tally.given >= FITS and not father else 0.0, 0.0)
        tally.mark("birthday-differs", a.birthday, b.birthday)


# --- the most that it can be: what each of these adds against strangers, in bits, or more, at less cost ---


def words_at_most(counts: Counts, a: Read, b: Read) -> float:
    """What the words of two names can say, whatever they are: all of those of the shorter one."""
    fewer = a.words if len(a.words) <= len(b.words) else b.words
    return sum([max(counts.bits("word", word), 3.6) for word in fewer])


def person_name_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.words or not b.words:
        return 0.0
    worth = counts.bits
    if a.words == b.words:
        return sum([worth("word", word) for word in a.words])
    pairs, left_a, left_b = likeness.matched(a.words, b.words)
    most = 0.0
    for i, j, grade in pairs:
        one, other = a.words[i], b.words[j]
        bits = min(worth("word", one), worth("word", other))
        if grade == SAME:
            most += bits - 0.2
        elif grade == NEAR:
            most += max(bits - 4.0, -0.5)
        else:
            most += max(bits - (3.5 if one_called_both(one, other) else 6.5), 3.6)
    # Where both have words left over, the given names differ or the surnames do: see `_roles`.
    return most - 4.6 if left_a and left_b else most


def birthday_at_most(counts: Counts, a: Read, b: Read) -> float:
    if not a.birthday or not b.birthday:
        return 0.0
    grade = likeness.days(a.birthday, b.birthday)
    if grade == SAME:
        return counts.bits("birthday", a.birthday)
    return 7.0 if grade == FITS else 3.6 if grade == NEAR else -5.0
