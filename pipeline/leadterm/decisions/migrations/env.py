"""Runs the migrations on the connection that the store hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="leadterm_version")
with context.begin_transaction():
    context.run_migrations()
