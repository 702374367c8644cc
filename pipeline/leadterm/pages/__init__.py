"""Everything drawn: pages, charts, tables, quotes."""
