"""Imports: a file of rows into the book.

`plan` settles what the columns mean, `preview` shows it with what would happen to the rows, `run` takes them in.
"""

from crmcli.services.imports.imported import Imported
from crmcli.services.imports.planning import Plan, check, plan
from crmcli.services.imports.previewing import preview
from crmcli.services.imports.taking import run

__all__ = ["Imported", "Plan", "check", "plan", "preview", "run"]
