"""How large a file may be before reading it would harm the reader."""

from dataclasses import dataclass

from nettwin.errors import LimitError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on everything a file can make grow. Beyond one of them reading stops with a LimitError.

    The defaults hold every file of the collections that nettwin reads several times over; what they cost is in docs/formats.md.
    """

    file_bytes: int = 32 * 2**20
    """As it lies on disk."""
    expanded_bytes: int = 32 * 2**20
    """After decompression: of a gzipped file or of one member of an archive."""
    archive_bytes: int = 512 * 2**20
    """After decompression: of all members of an archive that are walked over; they are streamed, not held."""
    expansion_ratio: int = 100
    """Expanded over compressed size, beyond the first mebibyte."""
    members: int = 20_000
    """Entries of an archive."""
    depth: int = 64
    """Nesting of elements, maps and lists."""
    json_elements: int = 800_000
    """Values of a JSON document; a list counts twice and an object four times, as they do in memory."""
    xml_elements: int = 150_000
    """Elements and attributes of an XML document."""
    yaml_elements: int = 300_000
    """Values of a YAML document. A table in block text counts as one."""
    items: int = 25_000
    """Nodes, and links, of a foreign network."""
    rows: int = 200_000
    """Rows of a table of demands."""
    scalar_length: int = 16 * 2**20
    """Characters of one text."""
    attribute_length: int = 65_536
    """Characters of a map key, an element name or an attribute."""
    number_digits: int = 300
    """Characters of one number."""


DEFAULT_LIMITS = Limits()


def check_count(count: int, items: str, most: int, where: str) -> None:
    """Raises LimitError where there are more items than that."""
    if count > most:
        raise LimitError(f"{count} {items}, at most {most} are read", where=where, hint="leave parts out, or build the scenario in Python")
