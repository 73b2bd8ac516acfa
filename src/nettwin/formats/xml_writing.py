"""Texts that any XML parser reads back as they were."""

import re
from xml.sax.saxutils import escape, quoteattr

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write (section 2.2)."""


def writable(text: str) -> str:
    """The text with a replacement character for each control character that XML cannot hold."""
    return _FORBIDDEN.sub("\ufffd", text)


def content(text: str) -> str:
    """As the content of an element."""
    return escape(writable(text), {"\r": "&#13;"})


def attribute(text: str) -> str:
    """As a quoted attribute."""
    return quoteattr(writable(text))


def element_name(text: str) -> str:
    """As the name of an element."""
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"
