"""How older stores become like the models: one Alembic revision a file, run inside one transaction of ours."""
