"""Alembic's entry: runs the migrations on the connection that `store.migrate` hands over."""

from alembic import context

from hearth.store.hub.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by writing it anew
)
with context.begin_transaction():
    context.run_migrations()
