"""The props of the generated book: people, firms, amounts, and the hours at which things happen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.domain import money
from crmcli.services import demo_words as words

if TYPE_CHECKING:
    import random


class Person:
    """Somebody at a company, or a lead before there is a contact."""

    def __init__(self, name: str, email: str, phone: str, title: str, place: words.Place, persian: bool) -> None:
        self.name, self.email, self.phone, self.title = name, email, phone, title
        self.place, self.persian = place, persian
        self.id: int | None = None
        self.since = datetime.max.replace(tzinfo=UTC)
        self.firm: Firm | None = None


class Firm:
    """An invented company."""

    def __init__(
        self, name: str, domain: str, industry: str, place: words.Place, persian: bool, since: datetime
    ) -> None:
        self.name, self.domain, self.industry, self.place, self.persian = name, domain, industry, place, persian
        self.id: int | None = None
        self.since = since
        self.people: list[Person] = []


class Props:
    """Makes them up, with the dice of the play; `now` is the end of it."""

    def __init__(self, dice: random.Random, now: datetime) -> None:
        self.dice, self.now = dice, now
        self.numbers: dict[str, int] = {}
        self.emails: set[str] = set()

    def person(self, place: words.Place, persian: bool, domain: str) -> Person:
        """Somebody whom there was not before, with an e-mail address at `domain`."""
        dice = self.dice
        if persian:
            given, family = dice.choice(words.GIVEN_FA), dice.choice(words.FAMILY_FA)
            name, box, title = f"{given[0]} {family[0]}", f"{given[1]}.{family[1]}", dice.choice(words.TITLES_FA)
        else:
            first, last = dice.choice(words.GIVEN), dice.choice(words.FAMILY)
            name, title = f"{first} {last}", dice.choice(words.TITLES)
            box = f"{first}.{last}".lower().replace("ö", "o")
        email, number = f"{box}@{domain}", 2
        while email in self.emails:
            email, number = f"{box}{number}@{domain}", number + 1
        self.emails.add(email)
        return Person(name, email, self.phone(place), title, place, persian)

    def phone(self, place: words.Place) -> str:
        """The next number that is kept free for examples in that place."""
        self.numbers[place.phone] = self.numbers.get(place.phone, 0) + 1
        return place.phone.format(self.numbers[place.phone] % place.lines)

    def amount(self, person: Person, name: str) -> dict[str, Any]:
        """The stored columns of what a deal of this person is worth, in a pipeline of that name."""
        currency = person.place.currency
        units = max(5, round(self.dice.lognormvariate(4.4, 0.9))) * 100
        units *= 500_000 if currency == "IRR" else 1
        row = {"value_minor": units * 10 ** money.exponent(currency), "currency": currency}
        if name == "Renewals" or self.dice.random() < 0.25:
            row |= {
                "recurring_minor": row["value_minor"] // 10,
                "plan": self.dice.choice(("monthly", "quarterly", "yearly")),
            }
        return row

    def task_name(self, kind: str, person: Person) -> str:
        """What is to be done with somebody."""
        return str(self.dice.choice((words.TASKS_FA if person.persian else words.TASKS)[kind]).format(person.name))

    # --- time ---

    def ago(self, most: int, least: int, older: float = 1.0) -> datetime:
        """Some time between so many days ago; with `older` below 1 rather longer ago."""
        return self.now - timedelta(days=least + (most - 1 - least) * self.dice.random() ** older)

    def after(self, moment: datetime, days: int) -> datetime:
        """A working hour within so many days after `moment`, but not in the future."""
        found = self.later(moment, self.dice.uniform(0, max(days, 1)))
        return found if found < self.now else moment + (self.now - moment) * self.dice.random()

    def later(self, moment: datetime, days: float) -> datetime:
        """A working hour so many days after `moment`, perhaps in the future."""
        return max(self.working_hour(moment + timedelta(days=days)), moment + timedelta(minutes=5))

    def working_hour(self, moment: datetime) -> datetime:
        """The same day, or the Monday after a weekend, at some working hour."""
        if moment.weekday() >= 5:
            moment += timedelta(days=7 - moment.weekday())
        dice = self.dice
        return moment.replace(
            hour=dice.randint(8, 17), minute=dice.randint(0, 59), second=dice.randint(0, 59), microsecond=0
        )
