"""What Alembic runs for every command: the migrations, on the connection and in the transaction of `run`."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

from crmcli.store import models  # noqa: F401  registers the tables

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    render_as_batch=True,
    # The transaction is the caller's: views and word indexes go and come in it too.
    transactional_ddl=False,
)
context.run_migrations()
