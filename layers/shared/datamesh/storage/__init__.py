"""Versioned JSON documents and folders of files, in S3 and in memory."""
