"""The local API: the handlers of `functions/` behind a small API Gateway, over an embedded S3."""
