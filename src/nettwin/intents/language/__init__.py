"""The declarative form of intents: one table of keys that reads, writes and describes them."""
