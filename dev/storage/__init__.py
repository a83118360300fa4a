"""The embedded S3 server: how it starts, ends, and who may use it."""
