"""Identity of callers: keys that `access.json` holds, and tokens of issuers that a stack trusts."""
