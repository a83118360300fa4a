"""Who calls: JSON Web Tokens of the issuers that a stack trusts."""
