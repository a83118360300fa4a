"""S3 behind the contracts of `datamesh.storage`: objects, versions, folders, journals."""
