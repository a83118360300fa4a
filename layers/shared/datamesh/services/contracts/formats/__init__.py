"""A product in the languages of others: JSON Schema, Avro, SQL, dbt, Markdown, ODPS."""
