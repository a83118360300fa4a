"""The files of a dataset as one table: which of them to read, and DuckDB over what S3 gave of them.

Only `session`, `filesystem` and what imports them need DuckDB, which is not in the layer: the
domains functions alone carry it, and import it for a request that needs it.
"""
