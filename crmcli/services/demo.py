"""A generated, believable book of business: eighteen months of leads, deals, people, tasks and talk, from a fixed seed.

What happened is played in the order of its time, two weeks to a transaction, through the same door as every other
write, so that history, undo (of the whole) and `db check --deep` hold.
"""

from __future__ import annotations

import random
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from crmcli.context import Context
from crmcli.domain import pipeline
from crmcli.domain.types import read_instant, show_instant
from crmcli.errors import RefusedError
from crmcli.results import Changed
from crmcli.services import demo_words as words
from crmcli.services.demo_props import Firm, Person, Props
from crmcli.services.stages import APART, every_stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from crmcli.store.write import Transaction

DAYS = 548
FORTNIGHT = timedelta(days=14)
MINUTES = timedelta(minutes=2)
COMPANIES, CONTACTS, LEADS, DEALS, RENEWALS = 120, 300, 385, 230, 40
#: How a task that is still to be done stands to today: days from now, and how often.
DUE = ((-9, 1), (-3, 2), (-1, 2), (0, 5), (1, 4), (2, 4), (3, 3), (5, 4), (6, 3), (10, 4), (18, 3), (30, 2))


def load(ctx: Context, seed: int = 20) -> Changed:
    """Fill an empty book; everything is relative to the context's now, and one batch that `crm undo` takes back.

    Raises RefusedError for a book that holds anything already.
    """
    check_empty(ctx)
    play = _Play(ctx, random.Random(seed))
    try:
        play.write_down()
        batch = play.perform()
    finally:
        play.stage.close()
    counts = [
        (name, ctx.reader.value(f"SELECT count(*) FROM v_{name}"))
        for name in ("lead", "deal", "contact", "company", "task")
    ]
    said = ", ".join(f"{count} {name if name != 'company' else 'companie'}s" for name, count in counts)
    return Changed((f"loaded a generated book: {said}",), (), batch)


def check_empty(ctx: Context) -> None:
    """Raise RefusedError for a book that holds anything already."""
    for table in ("opportunity", "contact", "company", "task", "interaction"):
        if ctx.reader.value(f"SELECT id FROM {table} LIMIT 1") is not None:
            raise RefusedError(
                "the book is not empty; the demo was not loaded", "name a new one: CRM_HOME=DIR crm demo"
            )


class _Past(Context):
    """A context whose clock is set by hand, and whose plugins sleep."""

    def __init__(self, ctx: Context) -> None:
        super().__init__(ctx.settings, command="demo", quiet=True, plugins=False)
        self.moment = ctx.env.now

    @property
    def now(self) -> datetime:
        return self.moment

    def at(self, moment: datetime) -> None:
        self.moment = moment.astimezone(self.moment.tzinfo)
        self.tick()


class _Play:
    """Writes down what happens (`write_down`), then performs it in order (`perform`)."""

    def __init__(self, ctx: Context, dice: random.Random) -> None:
        self.stage, self.dice = _Past(ctx), dice
        self.now = ctx.env.now
        self.props = Props(dice, self.now)
        self.start = self.now - timedelta(days=DAYS)
        self.events: list[tuple[datetime, int, Callable[[], None]]] = []
        self.tx: Transaction
        self.positions: dict[int, int] = {}
        self.pipelines: dict[str, list[dict[str, Any]]] = {}
        self.firms: list[Firm] = []
        self.rows: dict[int, dict[str, Any]] = {}

    # --- the script ---

    def write_down(self) -> None:
        """Plan everything; nothing is written yet."""
        self._at(self.start, self._vocabulary)
        self._plan_firms()
        people = [person for firm in self.firms for person in firm.people]
        for name, count, before in (("Sales", DEALS, 5), ("Renewals", RENEWALS, 150)):
            known = [person for person in people if person.since < self.now - timedelta(days=before)]
            for _ in range(count):
                self._plan_deal(self.dice.choice(known), name)
        for _ in range(LEADS):
            self._plan_lead()

    def _plan_firms(self) -> None:
        names = [(f"{firm} {trade}", f"{firm.replace(' ', '').lower()}-{trade.lower()}", industry, False)
                 for firm in words.FIRM for trade, industry in words.TRADE]  # fmt: skip
        chosen = self.dice.sample(names, COMPANIES - len(words.FIRM_FA))
        chosen += [(name, domain, industry, True) for name, domain, industry in words.FIRM_FA]
        self.dice.shuffle(chosen)
        for name, domain, industry, persian in chosen:
            place = self.dice.choice(words.PLACES_FA if persian else words.PLACES)
            since = self.props.working_hour(self.props.ago(DAYS, 20, older=0.5))
            firm = Firm(name, f"{domain}.example", industry, place, persian, since)
            self.firms.append(firm)
            parent = next((f for f in self.firms if f.place == place and f.since < firm.since and f is not firm), None)
            self._at(firm.since, self._firm(firm, parent if self.dice.random() < 0.1 else None))
        for i in range(CONTACTS):
            firm = self.firms[i] if i < COMPANIES else self.dice.choice(self.firms)
            person = self.props.person(firm.place, firm.persian, firm.domain)
            person.firm = firm
            person.since = firm.since if not firm.people else self.props.after(firm.since, 120)
            firm.people.append(person)
            self._at(person.since, self._contact(person))

    def _plan_deal(self, person: Person, name: str) -> None:
        """The life of a deal: perhaps as a lead first, then from stage to stage until it is won, lost or still open."""
        dice = self.dice
        begin = person.since if name == "Sales" else self.now - timedelta(days=100)
        begin = max(begin, self.now - timedelta(days=75)) if dice.random() < 0.3 else begin
        born = self.props.after(begin, min((self.now - begin).days, 260))
        life: dict[str, Any] = {}
        was_lead = name == "Sales" and dice.random() < 0.5
        self._at(born, self._opportunity(life, person, name, as_lead=was_lead))
        end = born
        fate = dice.random()
        last = 3 if fate < 0.47 else dice.choice((0, 1, 1, 2, 2)) if fate < 0.9 else 9
        if last == 9 and born < self.now - timedelta(days=150):
            last = 2
        for number, median in enumerate((6, 13, 19)):
            if last == 9 and number == 2:
                break  # it stays where it is, and gets silent
            moment = self.props.later(end, dice.lognormvariate(0, 0.6) * median)
            if moment + MINUTES >= self.now:
                break
            end = moment
            if number == last:
                self._at(end, self._lose(life))
                break
            if number == 0 and was_lead:
                self._at(end, self._convert(life, person))
            self._at(end + MINUTES, self._enter(life, number + 1))
        self._talk(life, person, born, end + timedelta(days=12), dice.randint(2, 6))
        self._at(self.now, self._next_task(life, person, 0.72))

    def _plan_lead(self) -> None:
        dice = self.dice
        persian = dice.random() < 0.2
        place = dice.choice(words.PLACES_FA if persian else words.PLACES)
        domain = f"{dice.choice(words.FIRM).replace(' ', '').lower()}-{dice.randint(2, 99)}.example"
        person = self.props.person(place, persian, domain)
        life: dict[str, Any] = {}
        born = self.props.after(self.props.ago(200 if dice.random() < 0.6 else DAYS, 0), 1)
        self._at(born, self._opportunity(life, person, "Sales", as_lead=True))
        moved = self.props.later(born, dice.uniform(1, 20))
        if dice.random() < 0.35 and moved < self.now:
            self._at(moved, self._enter(life, 1))
        over = self.props.later(moved, dice.uniform(5, 60))
        age = (self.now - born).days
        if over < self.now and dice.random() < (0.25 if age < 120 else 0.55):
            self._at(over, self._lose(life))
        self._talk(life, person, born, over, dice.choice((0, 0, 1, 1, 2, 3)))
        self._at(self.now, self._next_task(life, person, 0.22))

    def _talk(self, life: dict[str, Any], person: Person, first: datetime, last: datetime, count: int) -> None:
        span = (min(last, self.now) - first).total_seconds() / 86_400
        for _ in range(count):
            moment = self.props.later(first, self.dice.uniform(0, max(span, 0.2)))
            if moment < self.now:
                self._at(moment, self._interaction(life, person))

    # --- the scenes: each returns what will be done when its time has come ---

    def _vocabulary(self) -> None:
        tx, made = self.tx, {"created_at": show_instant(self.start)}
        self.users = [tx.add("user", {"name": n, "full_name": f, "active": True, **made}) for n, f in words.USERS]
        self.words = {
            kind: [tx.word(kind, name) for name in names]
            for kind, names in (
                ("source", words.SOURCES), ("medium", words.MEDIUMS), ("campaign", words.CAMPAIGNS),
                ("lost_reason", words.REASONS),
            )
        }  # fmt: skip
        labels = (*words.LEAD_TAGS, *words.COMPANY_TAGS)
        self.tags = {name: number for name in labels if (number := tx.word("tag", name)) is not None}
        self.types = {name: tx.word("task_type", name) for name in words.TASKS}
        plan = tx.add("plan", {"name": words.PLAN, **made})
        for position, (name, kind, due, who) in enumerate(words.STEPS, start=1):
            step = {"name": name, "type_id": self.types[kind], "offset_days": due, "who": who, "position": position}
            tx.add("plan_step", {"plan_id": plan, **step, **made})
        for kind, text, days in words.RHYTHMS:
            rule = {"name": f"{kind} {text}" if kind == "company" else text, "entity": kind}
            tx.add("rhythm_rule", {**rule, "filter": text, "days": days, **made})
        every = every_stage(self.stage)
        self.pipelines["Sales"] = [s for s in every if s["pipeline_id"] == every[0]["pipeline_id"]]
        second = tx.add("pipeline", {"name": "Renewals", "position": 2, **made})
        steps: list[dict[str, Any]] = [
            {**s, "is_won": bool(s.get("is_won")), "pipeline_id": second} for s in words.RENEWALS
        ]
        self.pipelines["Renewals"] = [{**step, "id": tx.add("stage", {**step, **made})} for step in steps]

    def _firm(self, firm: Firm, parent: Firm | None) -> Callable[[], None]:
        tag = self.dice.choices(words.COMPANY_TAGS, (5, 5, 1, 1))[0]
        people = int(self.dice.lognormvariate(4, 1)) + 2

        def scene() -> None:
            row = {
                "name": firm.name, "domain": firm.domain, "website": f"https://{firm.domain}",
                "industry": firm.industry,
                "city": firm.place.city, "country": firm.place.country, "phone": self.props.phone(firm.place),
                "employees": people,
                "email": f"info@{firm.domain}", "owner_id": self._user(firm.persian), "tags": [self.tags[tag]],
                "parent_id": parent.id if parent else None, "source_id": self._word("source"),
            }  # fmt: skip
            firm.id = self.tx.add("company", {**row, **_made(firm.since)})
            if tag == words.COMPANY_TAGS[-1]:
                day = {"company_id": firm.id, "on_day": firm.since.date().isoformat(), "year_known": True}
                self.tx.add("occasion", {"name": words.OCCASION, **day, **_made(firm.since)})

        return scene

    def _contact(self, person: Person) -> Callable[[], None]:
        def scene() -> None:
            firm = person.firm
            row = {
                "name": person.name, "email": person.email, "phone": person.phone, "job_title": person.title,
                "city": person.place.city, "country": person.place.country,
                "language": "fa" if person.persian else None,
                "company_id": firm.id if firm else None, "owner_id": self._user(person.persian),
                "source_id": self._word("source"),
                "tags": [self.tags["newsletter"]] if self.dice.random() < 0.2 else [],
            }  # fmt: skip
            person.id = self.tx.add("contact", {**row, **_made(person.since)})

        return scene

    def _opportunity(self, life: dict[str, Any], person: Person, name: str, *, as_lead: bool) -> Callable[[], None]:
        def scene() -> None:
            dice, moment = self.dice, self.moment
            subject = dice.choice(words.SUBJECTS_FA if person.persian else words.SUBJECTS)
            firm = (
                person.firm.name
                if person.firm
                else f"{dice.choice(words.FIRM)} {dice.choice(words.TRADE)[0]}"
                if dice.random() < 0.8
                else None
            )
            row: dict[str, Any] = {
                "kind": "lead" if as_lead else "deal", "source_id": self._word("source"),
                "priority": dice.choice((0, 0, 0, 1, 1, 2, 3)),
                "email": person.email, "phone": person.phone, "job_title": person.title, "city": person.place.city,
                "country": person.place.country, "status": "open", "probability_manual": False,
                "tags": sorted({self.tags[t] for t in dice.sample(words.LEAD_TAGS, dice.choice((0, 0, 1, 1, 2)))}),
            }  # fmt: skip
            if as_lead:
                row |= {"name": person.name, "company_name": firm}
            else:
                row |= {"name": f"{firm}: {subject}" if name == "Sales" else f"{firm}: {moment.year + 1}"}
                row |= {"contact_id": person.id, "company_id": person.firm.id if person.firm else None}
            if dice.random() < 0.4:
                row |= {"medium_id": self._word("medium"), "campaign_id": self._word("campaign")}
            if not as_lead or dice.random() < 0.6:
                row |= self.props.amount(person, name)
            if not as_lead or dice.random() < 0.8:
                row |= {"owner_id": self._user(person.persian), "assigned_at": show_instant(moment)}
            if as_lead and dice.random() < 0.3:
                row["description"] = dice.choice((words.NOTES_FA if person.persian else words.NOTES)["note"])
            entered, _ = pipeline.enter(row, self.pipelines[name][0], show_instant(moment))
            row |= entered
            row["position"] = self._position(row["stage_id"]) if not as_lead else 0
            life["id"] = self.tx.add(row["kind"], {**row, **_made(moment)})
            life["pipeline"], life["subject"] = name, subject
            if not as_lead:
                self._expect(life)

        return scene

    def _convert(self, life: dict[str, Any], person: Person) -> Callable[[], None]:
        def scene() -> None:
            firm = person.firm
            name = f"{firm.name if firm else person.name}: {life['subject']}"
            changes: dict[str, Any] = {
                "kind": "deal",
                "name": name,
                "contact_id": person.id,
                "company_id": firm.id if firm else None,
            }
            changes |= {"contact_name": person.name, "converted_at": show_instant(self.moment)}
            row = self.tx.row("lead", life["id"])
            changes["position"] = self._position(row["stage_id"])
            if row.get("owner_id") is None:
                changes |= {"owner_id": self._user(person.persian), "assigned_at": show_instant(self.moment)}
            if row.get("value_minor") is None:
                changes |= self.props.amount(person, "Sales")
            self._change(life, changes)
            self._expect(life)

        return scene

    def _expect(self, life: dict[str, Any]) -> None:
        """A close date: the end of a month or some Friday, in about two months; now and then overtaken by events."""
        self._change(life, {"close_on": (self.moment + timedelta(days=self.dice.randint(20, 95))).date().isoformat()})

    def _enter(self, life: dict[str, Any], number: int) -> Callable[[], None]:
        def scene() -> None:
            row = self.tx.row("deal", life["id"])
            to = self.pipelines[life["pipeline"]][number]
            changes, move = pipeline.enter(row, to, show_instant(self.moment))
            if move:
                self.tx.add("stage_move", move)
            changes["position"] = self._position(to["id"]) if row["kind"] == "deal" else 0
            if not to["is_won"] and row["kind"] == "deal" and self.dice.random() < 0.1:
                changes |= {"probability_bp": self.dice.choice((2500, 4000, 7500, 9000)), "probability_manual": True}
            self._change(life, changes)

        return scene

    def _lose(self, life: dict[str, Any]) -> Callable[[], None]:
        def scene() -> None:
            reason = self._word("lost_reason") if self.dice.random() < 0.9 else None
            self._change(life, pipeline.lose(self.tx.row("deal", life["id"]), reason, show_instant(self.moment)))

        return scene

    def _interaction(self, life: dict[str, Any], person: Person) -> Callable[[], None]:
        def scene() -> None:
            dice, at = self.dice, show_instant(self.moment)
            kind = dice.choices(("note", "call", "email", "meeting"), (3, 4, 4, 1))[0]
            body = dice.choice((words.NOTES_FA if person.persian else words.NOTES)[kind])
            links = self._links(life)
            row = {
                "kind": kind,
                "at": at,
                "body": body,
                "author_id": self._user(person.persian),
                **links,
                **_made(self.moment),
            }
            if kind in ("call", "email"):
                row["direction"] = dice.choice(("in", "out", "out"))
            if kind in ("call", "meeting"):
                row["minutes"] = dice.choice((3, 5, 10, 20)) if kind == "call" else dice.choice((30, 45, 60, 90))
            if kind in ("call", "email", "meeting", "document") and dice.random() < 0.35:
                # It was a task before it was done.
                name = self.props.task_name(kind, person)
                feedback = dice.choice(words.FEEDBACK) or None
                made = self.moment - timedelta(days=dice.randint(1, 9))
                due = self.moment.date() + timedelta(days=dice.choice((-1, 0, 0, 0, 1)))
                task = {
                    "name": name,
                    "type_id": self.types[kind],
                    "due_on": due.isoformat(),
                    "done_at": at,
                    "feedback": feedback,
                }
                task |= {"owner_id": row["author_id"], **links, **_made(made), "updated_at": at}
                row |= {"task_id": self.tx.add("task", task), "body": f"{name}: {feedback}" if feedback else name}
            self.tx.add("interaction", row)

        return scene

    def _next_task(self, life: dict[str, Any], person: Person, share: float) -> Callable[[], None]:
        def scene() -> None:
            dice = self.dice
            row = self.tx.row("deal", life["id"])
            if row["status"] != "open" or dice.random() >= share:
                return
            kind = dice.choices(tuple(words.TASKS), (5, 4, 2, 2, 1))[0]
            day = self.now.date() + timedelta(days=dice.choices([d for d, _ in DUE], [n for _, n in DUE])[0])
            made = max(self.now - timedelta(days=dice.randint(1, 12)), read_instant(row["created_at"]))
            task = {
                "name": self.props.task_name(kind, person),
                "type_id": self.types[kind],
                "due_on": day.isoformat(),
                "priority": dice.choice((0, 0, 1, 2)),
            }
            task |= {"owner_id": row.get("owner_id") or self._user(person.persian), **self._links(life), **_made(made)}
            if kind in ("call", "meeting") and dice.random() < 0.5:
                clock = time(dice.randint(9, 16), dice.choice((0, 15, 30, 45)))
                task |= {
                    "due_at": show_instant(datetime.combine(day, clock, self.now.tzinfo)),
                    "minutes": 60 if kind == "meeting" else 15,
                }
            self.tx.add("task", task)

        return scene

    # --- the props ---

    def _links(self, life: dict[str, Any]) -> dict[str, Any]:
        row = self.tx.row("deal", life["id"])
        return {"opportunity_id": life["id"], "contact_id": row.get("contact_id"), "company_id": row.get("company_id")}

    def _user(self, persian: bool) -> int:
        return self.users[3] if persian and self.dice.random() < 0.7 else self.dice.choice(self.users[:3])

    def _word(self, kind: str) -> int | None:
        return self.dice.choice(self.words[kind])

    def _position(self, stage: int) -> int:
        self.positions[stage] = self.positions.get(stage, 0) + APART
        return self.positions[stage]

    def _at(self, moment: datetime, scene: Callable[[], None]) -> None:
        self.events.append((moment, len(self.events), scene))

    def _change(self, life: dict[str, Any], columns: dict[str, Any]) -> None:
        self.tx.change("deal", life["id"], {**columns, "updated_at": show_instant(self.moment)})

    # --- the performance ---

    def perform(self) -> int:
        """Do it all in the order of time; the number of the batch."""
        batch = 0
        events = sorted(self.events, key=lambda event: event[:2])
        while events:
            until = events[0][0] + FORTNIGHT
            here = [event for event in events if event[0] < until]
            events = events[len(here) :]
            self.stage.at(min(until, self.now))
            with self.stage.writing("demo", command="demo", batch=batch) as tx:
                self.tx = tx
                for moment, _, scene in here:
                    self.moment = moment
                    scene()
            batch = batch or self.stage.batch
        return batch


def _made(moment: datetime) -> dict[str, str]:
    return {"created_at": show_instant(moment), "updated_at": show_instant(moment)}
