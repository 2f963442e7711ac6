"""Steps from each version of the operational tables to the next, read by Alembic."""
