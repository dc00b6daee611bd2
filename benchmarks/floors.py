"""The floors: the shortest scripts that do the same SQL on the same file with nothing but the standard library."""

from __future__ import annotations

OPEN = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("SELECT version_num FROM alembic_version").fetchall()
"""

LIST = (
    OPEN
    + """
ids = [row[1] for row in db.execute("SELECT t.created_at, t.id FROM opportunity t WHERE t.kind = 'lead'"
    " AND t.status = 'open'"
    " AND t.removed_at IS NULL AND t.archived_at IS NULL ORDER BY t.created_at DESC, t.id DESC LIMIT 20")]
marks = ", ".join("?" * len(ids))
rows = {row[0]: list(row) for row in db.execute(
    "SELECT id, name, company, stage, value_minor, currency, owner, source, created_at FROM v_lead_all"
    f" WHERE id IN ({marks})", ids)}
tags = {}
for record, name in db.execute("SELECT x.record_id, tag.name FROM opportunity_tag x JOIN tag ON tag.id = x.tag_id"
                               f" WHERE x.record_id IN ({marks}) ORDER BY tag.name_key", ids):
    tags.setdefault(record, []).append(name)
out = ["id\\tname\\tcompany\\tstage\\tvalue\\tcurrency\\towner\\tsource\\tcreated_at\\ttags"]
for i in ids:
    out.append("\\t".join("" if v is None else str(v) for v in rows[i] + [", ".join(tags.get(i, []))]))
print("\\n".join(out))
"""
)

SHOW = (
    OPEN
    + """
cursor = db.execute("SELECT * FROM v_lead_all WHERE id = ?", (int(sys.argv[2]),))
names = [column[0] for column in cursor.description]
row = cursor.fetchone()
tags = [r[0] for r in db.execute("SELECT tag.name FROM opportunity_tag x JOIN tag ON tag.id = x.tag_id"
                                 " WHERE x.record_id = ?", (row[0],))]
tasks = db.execute("SELECT name, due_on FROM v_task WHERE opportunity_id = ? AND done_at IS NULL LIMIT 20",
                   (row[0],)).fetchall()
told = db.execute("SELECT at, kind, body FROM v_interaction WHERE opportunity_id = ? ORDER BY at DESC LIMIT 20",
                  (row[0],)).fetchall()
print("\\n".join(f"{n}\\t{'' if v is None else v}" for n, v in zip(names, row)))
print(tags, tasks, told)
"""
)

ADD = (
    OPEN
    + """
import hashlib, json, os, time
db.execute("PRAGMA foreign_keys=ON")
db.execute("PRAGMA synchronous=FULL")
name, company, email, phone = sys.argv[2:6]
at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
db.execute("BEGIN IMMEDIATE")
stage, pipeline, chance = db.execute(
    "SELECT id, pipeline_id, probability_bp FROM stage ORDER BY position LIMIT 1").fetchone()
source = db.execute("SELECT id FROM source WHERE name_key = 'web'").fetchone()[0]
tag = db.execute("SELECT id FROM tag WHERE name_key = 'vip'").fetchone()[0]
key = phone.replace(" ", "")
row = {"kind": "lead", "uid": os.urandom(16).hex(), "name": name, "company_name": company, "email": email,
       "phone": phone, "source_id": source, "stage_id": stage, "pipeline_id": pipeline, "stage_since": at,
       "status": "open", "probability_bp": chance, "probability_manual": 0, "value_minor": 1200000, "currency": "EUR",
       "priority": 0,
       "position": 0, "created_at": at, "updated_at": at, "version": 1, "name_key": name.lower(),
       "company_name_key": company.lower(), "email_key": email, "phone_key": key,
       "search_text": " ".join([name.lower(), company.lower(), email, key, phone])}
marks = ", ".join("?" * len(row))
cursor = db.execute(f"INSERT INTO opportunity ({', '.join(row)}) VALUES ({marks})", list(row.values()))
record = cursor.lastrowid
db.execute("INSERT INTO opportunity_tag (record_id, tag_id) VALUES (?, ?)", (record, tag))
after = json.dumps(row)
digest = hashlib.sha256(after.encode()).hexdigest()
seq, head = db.execute("SELECT seq, hash FROM journal_head").fetchone()
head = hashlib.sha256((head + digest).encode()).hexdigest()
batch = db.execute("INSERT INTO batch (at, actor, source, command) VALUES (?, 'grace', 'cli', 'lead add')",
                   (at,)).lastrowid
db.execute("INSERT INTO journal_tx (seq, batch_id, at, count, hash) VALUES (?, ?, ?, 1, ?)", (seq + 1, batch, at, head))
db.execute("INSERT INTO journal (seq, entity, record_id, after, digest) VALUES (?, 'opportunity', ?, ?, ?)",
           (seq + 1, record, after, digest))
db.execute("UPDATE journal_head SET seq = ?, hash = ?", (seq + 1, head))
db.execute("COMMIT")
print("added", record)
"""
)

DASHBOARD = """
from textual.app import App
from textual.widgets import Label
class Hello(App):
    def compose(self):
        yield Label("hello there")
Hello().run()
"""

#: A calendar of the open tasks with a day, written line by line: nothing escaped, folded or checked, no series.
CALENDAR = (
    OPEN
    + """
people = {row[0]: row[1:] for row in db.execute("SELECT id, name, phone FROM v_contact")}
out = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x"]
for uid, name, day, at, text, contact, made in db.execute(
    "SELECT uid, name, due_on, due_at, description, contact_id, updated_at FROM v_task"
    " WHERE done_at IS NULL AND due_on IS NOT NULL ORDER BY uid"):
    who = people.get(contact, ("", ""))
    plain = (at or day).replace("-", "").replace(":", "")[:15]
    start = f"DTSTART:{plain}Z" if at else f"DTSTART;VALUE=DATE:{plain}"
    out += ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{made.replace('-', '').replace(':', '')[:15]}Z", f"SUMMARY:{name}",
            start, "DESCRIPTION:" + text.replace("\\n", "\\\\n") + f"\\\\n{who[0]} {who[1]}", "END:VEVENT"]
out.append("END:VCALENDAR")
print("\\r\\n".join(out))
"""
)
