"""The part of Marquez' read API that the registry answers."""
