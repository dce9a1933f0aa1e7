"""Alembic's scripts, shipped inside the package. A revision, once released, is never edited."""
