"""Datasets as tables: which files a query has to read, and DuckDB over what S3 returns of them.

Only `session`, `filesystem` and the modules that import them need DuckDB, which is not in the
layer: the functions of domain data alone have it, and import it for a request that needs it.
"""
