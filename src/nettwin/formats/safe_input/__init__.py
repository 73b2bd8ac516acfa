"""Reading what strangers wrote: every growth is bounded, and every failure is an InputError that says where."""

from nettwin.formats.safe_input.archives import Member, is_archive, members, read_members
from nettwin.formats.safe_input.files import decode, gunzip, inside, is_file, is_folder, read_bytes, read_head, read_raw, read_text
from nettwin.formats.safe_input.json_text import parse_json
from nettwin.formats.safe_input.limits import DEFAULT_LIMITS, Limits, check_count
from nettwin.formats.safe_input.xml_text import XmlElement, parse_xml
from nettwin.formats.safe_input.yaml_text import is_plain_text, parse_yaml, yaml_line

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "Member",
    "XmlElement",
    "check_count",
    "decode",
    "gunzip",
    "inside",
    "is_archive",
    "is_file",
    "is_folder",
    "is_plain_text",
    "members",
    "parse_json",
    "parse_xml",
    "parse_yaml",
    "read_bytes",
    "read_head",
    "read_members",
    "read_raw",
    "read_text",
    "yaml_line",
]
