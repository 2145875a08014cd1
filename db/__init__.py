"""The store: engine, tables, queries and migrations. Imports nothing of ours."""
