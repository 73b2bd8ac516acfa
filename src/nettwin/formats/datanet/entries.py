"""The common shape of traffic, results and usage: one entry per ordered pair of nodes, parted by semicolons."""

from nettwin.errors import FormatError, LimitError

LONGEST_ENTRY = 10_000
"""Characters; those of the known files have a hundred."""


def pair_entries(text: str, n_nodes: int, place: str) -> list[str]:
    """The n * n entries of a line. Counts before it splits: a hostile line must not become millions of strings."""
    text = text.strip().rstrip(";")
    count = text.count(";") + 1
    if count != n_nodes * n_nodes:
        raise FormatError(f"{count} entries for {n_nodes} nodes", where=place, hint="it is truncated, or of another network")
    entries = text.split(";")
    if max(map(len, entries)) > LONGEST_ENTRY:
        raise LimitError(f"an entry is longer than {LONGEST_ENTRY} characters", where=place)
    return entries
