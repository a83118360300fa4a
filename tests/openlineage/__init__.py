"""The clients that teams already have, unchanged: openlineage-python and dbt-ol.

`clients` starts them in their own environment (`.venv-openlineage`), `run` is the program that uses
openlineage-python there. What they send is in `recorded/`, written by
`python -m tests.openlineage.record`, for tests that need no client.
"""
