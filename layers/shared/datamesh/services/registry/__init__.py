"""The registry itself: its two documents, the indexes over them, and bulk writes."""
