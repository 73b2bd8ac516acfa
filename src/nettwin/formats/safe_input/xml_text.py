"""XML, bounded; without document type declarations, so without entities of its own."""

from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from nettwin.errors import FormatError, LimitError
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits


class XmlElement(Element):
    """An element that knows its line. Names keep their namespace in braces, as ElementTree has it."""

    __slots__ = ("line",)
    line: int

    @property
    def name(self) -> str:
        """The tag without its namespace."""
        return self.tag.rpartition("}")[2]


def parse_xml(data: bytes, *, where: str, limits: Limits = DEFAULT_LIMITS) -> XmlElement:
    """The root element. Raises FormatError with a line, or LimitError."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    builder = _BoundedBuilder(where, limits)
    parser = DefusedXMLParser(target=builder, forbid_dtd=True)
    builder.parser = parser
    try:
        parser.feed(data)
        root = cast(XmlElement, parser.close())
    except DefusedXmlException:
        raise FormatError("it declares a document type", where=where, hint="remove <!DOCTYPE ...>: entities are not expanded") from None
    except ParseError as error:
        raise FormatError(f"no XML: {error}", where=f"{where}: line {error.position[0]}") from None
    except (ValueError, LookupError) as error:
        raise FormatError(f"no readable XML: {error}", where=where, hint="save the file as UTF-8") from None
    return root


class _BoundedBuilder(TreeBuilder):
    """Builds the tree, counts while it does, and gives elements their lines."""

    def __init__(self, where: str, limits: Limits) -> None:
        super().__init__(element_factory=XmlElement)
        self.parser: Any = None
        self._where, self._limits = where, limits
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[Any, Any], /) -> Element:
        element = super().start(tag, attrs)
        assert isinstance(element, XmlElement)  # noqa: S101 - for the type checker
        element.line = self.parser.parser.CurrentLineNumber
        self._depth += 1
        self._count += 1 + len(attrs)
        self._check(tag, attrs, element.line)
        return element

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def _check(self, tag: str, attrs: dict[Any, Any], line: int) -> None:
        limits, where = self._limits, f"{self._where}: line {line}"
        if self._depth > limits.depth:
            raise LimitError(f"nested deeper than {limits.depth}", where=where)
        if self._count > limits.xml_elements:
            raise LimitError(f"more than {limits.xml_elements} elements and attributes", where=where)
        if max(map(len, (tag, *attrs, *attrs.values()))) > limits.attribute_length:
            raise LimitError(f"a name or attribute is longer than {limits.attribute_length} characters", where=where)
