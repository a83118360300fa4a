"""The errors of the registry, a module a subject. `datamesh.http.errors` maps each to a status."""
