"""A small SQS: the queues of the template, kept in the data directory."""
