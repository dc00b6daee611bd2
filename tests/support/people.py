"""Made-up people, families and the errors that records of them have, for the tests of duplicate detection."""

from __future__ import annotations

import random
from typing import Any

from crmcli.domain.dedupe import Entry


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words("""
    James Mary Robert Patricia Michael Jennifer William Linda David Elizabeth Richard Barbara Joseph Susan
    Thomas Jessica Charles Sarah Christopher Karen Daniel Lisa Matthew Nancy Anthony Betty Mark Sandra Donald
    Margaret Steven Ashley Andrew Kimberly Paul Emily Joshua Donna Kenneth Michelle Kevin Carol Brian Amanda
    George Melissa Timothy Deborah Lukas Anna Felix Lena Jonas Marie Leon Sophie Finn Klara Matteo Giulia Luca
    Chiara Pierre Camille Antoine Manon Hugo Ines Diego Lucia Pablo Carmen Piotr Katarzyna Marek Agnieszka Sven
    Ingrid Lars Astrid Olga Dmitri Ivan Natalia Wei Mei Hiroshi Yuki Raj Priya Arjun Ananya Omar Fatima Yusuf
    Aisha Chidi Ngozi Kwame Ama Tariq Leila Samir Nadia
""")
SURNAMES = _words("""
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
    Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall Rivera
    Campbell Mitchell Carter Roberts Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer
    Richter Klein Wolf Schroeder Neumann Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco
    Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux Fournier Girard Nowak Kowalski Wisniewski Dabrowski
    Lewandowski Ivanov Petrov Sidorov Volkov Kim Park Choi Tanaka Suzuki Watanabe Yamamoto Singh Kumar Sharma
    Patel Gupta Khan Ahmed Hussain Okafor Mensah Diallo Traore Hansen Johansson Andersson Nilsson Larsen
    Virtanen Korhonen Novotny Horvath Popescu Papadopoulos Yilmaz Demir Kaya
""")
PERSIAN_GIVEN = _words("""
    علی محمد حسین رضا مهدی امیر سارا زهرا فاطمه مریم نرگس الهام شیرین بهرام کامران داریوش کوروش پریسا نیلوفر
    لیلا فرهاد سیاوش آرش بابک نازنین مینا هدی یاسمن پویا کیان علیرضا محمدرضا امیرحسین
""")
PERSIAN_SURNAMES = _words("""
    محمدی کریمی رضایی حسینی احمدی موسوی قاسمی رحیمی هاشمی صادقی جعفری مرادی کاظمی اکبری نوری زارع یوسفی شریفی
    باقری عباسی کیانی فرهادی تهرانی شیرازی یزدانی کرمانی ملکی سلیمانی طاهری غلامی
""")
ROADS = _words("""
    Mill Station Church Park Victoria Green Manor Kings Queens Grange Springfield Albert Alexander Windsor York
    School North South West Chester Highfield Stanley Richmond Clarence Garden Orchard Bridge Castle Chapel
    Harbour
""")
PERSIAN_ROADS = _words("آزادی انقلاب ولیعصر شریعتی مطهری بهشتی کارگر طالقانی فردوسی سعدی حافظ مدرس")
CITIES = _words(
    "Leeds York Bristol Cardiff Derby Exeter Berlin Hamburg Lyon Nantes Porto Turin Gdansk Malmo Zurich Graz"
)
PERSIAN_CITIES = _words("تهران اصفهان شیراز تبریز مشهد کرج اهواز رشت")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PERSIAN_LETTERS = "ابپتثجچحخدذرزسشصطعغفقکگلمنوهی"
SOUNDS = (("ph", "f"), ("ck", "k"), ("ie", "ei"), ("y", "i"), ("c", "k"), ("mm", "m"), ("nn", "n"), ("ll", "l"),
          ("s", "z"), ("th", "t"), ("ou", "u"), ("w", "v"), ("ص", "س"), ("ط", "ت"), ("ح", "ه"), ("غ", "ق"))  # fmt: skip
SCANNED = (("o", "0"), ("l", "1"), ("m", "rn"), ("i", "l"), ("e", "c"), ("h", "b"), ("5", "S"), ("8", "B"))
Person = dict[str, Any]


def pick(dice: random.Random, words: list[str]) -> str:
    """A word, the earlier ones far oftener: names are not spread evenly."""
    return words[int(len(words) * dice.random() ** 1.8)]


def someone(dice: random.Random, *, persian: bool = False) -> Person:
    """A person with everything that a contact has."""
    given, family, cities, roads = GIVEN, SURNAMES, CITIES, ROADS
    if persian:
        given, family, cities, roads = PERSIAN_GIVEN, PERSIAN_SURNAMES, PERSIAN_CITIES, PERSIAN_ROADS
    number, road = dice.randrange(1, 180), dice.choice(roads)
    return {
        "given": pick(dice, given),
        "family": pick(dice, family),
        "birthday": f"{dice.randrange(1940, 2006)}-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        "street": f"خیابان {road} {number}"
        if persian
        else f"{number} {road} {dice.choice(('Street', 'Road', 'Lane'))}",
        "city": dice.choice(cities),
        "postal_code": str(dice.randrange(10000, 99999)),
        "phone": f"+98912{dice.randrange(10**7):07d}" if persian else f"+4420{dice.randrange(10**8):08d}",
        "email": f"{dice.getrandbits(40):010x}@{dice.choice(('gmail.com', 'yahoo.com', 'mail.example'))}",
    }


def without_place(person: Person) -> Person:
    return {**person, "birthday": None, "street": None, "city": None, "postal_code": None}


def entry(number: int, person: Person) -> Entry:
    """The person as a record of that number."""
    name = " ".join(part for part in (person["given"], person["family"]) if part)
    rest = {name: person[name] for name in ("birthday", "street", "city", "postal_code", "email")}
    return Entry(id=number, name=name or None, phones=(person["phone"],) if person["phone"] else (), **rest)


def slip(dice: random.Random, text: str) -> str:
    """One slip: a letter exchanged, added, left out, two transposed, written as it sounds or as a scanner reads it."""
    letters = "0123456789" if text[-1].isdigit() else LETTERS if text.isascii() else PERSIAN_LETTERS
    at = dice.randrange(len(text))
    kind = dice.randrange(6)
    if kind == 0:
        return text[:at] + dice.choice(letters) + text[at + 1 :]
    if kind == 1:
        return text[:at] + dice.choice(letters) + text[at:]
    if kind == 2 and len(text) > 3:
        return text[:at] + text[at + 1 :]
    if kind in (3, 4):
        for old, new in dice.sample(SOUNDS if kind == 3 else SCANNED, 8):
            if old in text.lower():
                return text.lower().replace(old, new, 1)
    at = min(at, len(text) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def damaged(dice: random.Random, person: Person, errors: int) -> Person:
    """The same person as somebody else entered them, with so many errors."""
    found = dict(person)
    for _ in range(errors):
        field = dice.choice(
            (
                "given",
                "given",
                "family",
                "family",
                "birthday",
                "street",
                "city",
                "postal_code",
                "phone",
                "email",
                "whole",
            )
        )
        value = found[field] if field != "whole" else None
        if field == "whole":
            found["given"], found["family"] = found["family"], found["given"]
        elif not value:
            continue
        elif field == "birthday":
            year, month, day = value.split("-")
            wrong = (
                f"{year}-{day}-{month}" if int(day) <= 12 else None,
                f"{year[:2]}{year[3]}{year[2]}-{month}-{day}",
                None,
            )
            found[field] = dice.choice(wrong)
        elif field in ("phone", "email") or dice.random() < 0.15:
            found[field] = None if dice.random() < 0.5 else slip(dice, value)
        elif field == "given" and dice.random() < 0.15:
            found[field] = value[0] + "."
        elif not value.isascii() and dice.random() < 0.5:
            found[field] = (
                value.replace("ی", "ي").replace("ک", "ك").replace("علیر", "علی\u200cر").replace("دحس", "د حس")
            )
        elif field == "street" and dice.random() < 0.15:
            found["street"], found["city"], found["postal_code"] = (
                f"{dice.randrange(180)} {dice.choice(ROADS)} Road",
                "Oxford",
                None,
            )
        else:
            found[field] = slip(dice, value)
    return found


def family(dice: random.Random) -> list[Person]:
    """Two or three people of one surname and address: a couple, twins, or father and son of one name."""
    one = someone(dice, persian=dice.random() < 0.3)
    shared = {"family": one["family"], "street": one["street"], "city": one["city"], "postal_code": one["postal_code"]}
    names = GIVEN if one["given"].isascii() else PERSIAN_GIVEN
    others = [name for name in names if name[0] != one["given"][0]]
    if dice.random() < 0.5:
        shared["phone"] = one["phone"]
    kind = dice.random()
    other = {**someone(dice), **shared, "given": dice.choice(others)}
    if kind < 0.08:
        other["birthday"] = one["birthday"]
    elif kind < 0.11:
        other["given"] = one["given"]
        other["birthday"] = f"{int(one['birthday'][:4]) - 28}-{other['birthday'][5:]}"
    return [one, other]
