"""The services that an operator relies on: the scheduled run, backups and the health check."""
