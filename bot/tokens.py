"""Tokens in addresses that nobody can guess; only their hashes are stored."""

import hashlib
import secrets

TOKEN_BYTES = 24


def new_token() -> str:
    """Return a fresh token of 192 bits that can stand in an address."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return what is stored of a token: it finds the token's row and gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
