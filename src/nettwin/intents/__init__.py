"""Intents: what the operator wants of the network, whatever the way to get there (RFC 9315)."""
