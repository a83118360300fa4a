"""AWS services beside storage: Secrets Manager for API keys, CloudWatch for logs and metrics."""
