"""Imports: a file of rows into the book.

`plan` settles what the columns mean, `preview` shows it with what would happen to the rows, `run` takes them in.
"""

from crmcli.services.imports.imported import Imported
from crmcli.services.imports.new_fields import planned
from crmcli.services.imports.options import Options
from crmcli.services.imports.planning import Plan, check, plan
from crmcli.services.imports.previewing import described, preview
from crmcli.services.imports.resuming import Cut, resumable, unfinished
from crmcli.services.imports.running import run
from crmcli.services.imports.together import Together, ordered, plan_all, run_all

__all__ = [
    "Cut", "Imported", "Options", "Plan", "Together", "check", "described", "ordered", "plan", "plan_all", "planned",
    "preview", "resumable", "run", "run_all", "unfinished",
]  # fmt: skip
