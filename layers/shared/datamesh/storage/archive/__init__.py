"""The archive of a document: what each version changed, and a whole snapshot a day."""
