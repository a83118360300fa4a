"""The composition root: which storage stands behind which service, by the settings."""
