"""Bounded reading: what is refused, and that sound input comes through unchanged."""

import gzip
import io
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nettwin.errors import FormatError, InputError, LimitError
from nettwin.formats.safe_input import (
    DEFAULT_LIMITS,
    inside,
    members,
    parse_json,
    parse_xml,
    parse_yaml,
    read_bytes,
    read_members,
    yaml_line,
)


def tar(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def test_yaml_values_follow_the_core_schema() -> None:
    data = b"[NO, yes, 1e9, 010, 0, -1.5, .5, true, null, ~, '1', 1_000, 2001-01-01, 1:30, .inf]"
    values = ["NO", "yes", 1e9, "010", 0, -1.5, 0.5, True, None, None, "1", "1_000", "2001-01-01", "1:30", float("inf")]
    assert parse_yaml(data, where="x") == values


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=9)
)
trees = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)))


@given(tree=trees)
def test_json_comes_through(tree: object) -> None:
    import json

    assert parse_json(json.dumps(tree).encode(), where="x") == tree


@given(data=st.binary(max_size=60))
def test_any_bytes_give_a_value_or_an_input_error(data: bytes) -> None:
    for parse in (parse_json, parse_yaml, parse_xml):
        try:
            parse(data, where="x")
        except InputError as error:
            assert str(error).startswith("x")


def test_lines_of_values() -> None:
    data = b"a:\n  - x: 1\n    y: [1,\n      2]\n  - z: |\n      text\nb: {c: 3}\n"
    assert yaml.safe_load(data)["a"][0]["y"] == [1, 2]
    places = {("a",): 1, ("a", 0): 2, ("a", 0, "x"): 2, ("a", 0, "y", 1): 4, ("a", 1, "z"): 5, ("b", "c"): 7, ("b", "nothing"): 7, (): 1}
    assert {path: yaml_line(data, path, where="x") for path in places} == places


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a: &x 1", "line 1: an anchor"),
        (b"a: 1\nb: *x", "undefined alias|an alias"),
        (b"a: !!int 1", "the tag"),
        (b"a: 1\n<<: 2", "line 2: a merge key"),
        (b"a: 1\nb: 2\na: 3", "line 3: the key 'a' stands twice"),
        (b"a:\n  .nan", "line 2: .nan is no number"),
        (b"a: 1e999", "too large"),
        (b"a: [1\nb: 2", "line 2: no YAML"),
        (b"ok: 1\nbad: \xff", "line 2: byte 0xff is no UTF-8"),
    ],
)
def test_yaml_errors_have_lines(data: bytes, words: str) -> None:
    with pytest.raises(FormatError, match=words):
        parse_yaml(data, where="x")


@pytest.mark.parametrize(
    ("parse", "fits", "too_much", "limit"),
    [
        (parse_yaml, b"[[1]]", b"[[[1]]]", {"depth": 2}),
        (parse_yaml, b"[1, 2]", b"[1, 2, 3]", {"yaml_elements": 3}),
        (parse_yaml, b"abc", b"abcd", {"scalar_length": 3}),
        (parse_yaml, b"abc: 1", b"abcd: 1", {"attribute_length": 3}),
        (parse_yaml, b"123", b"1234", {"number_digits": 3}),
        (parse_json, b'["]]]["]', b"[[1]]", {"depth": 1}),
        (parse_json, b'[1, ",,,,"]', b"[1, 2, 3]", {"json_elements": 3}),
        (parse_json, b"123", b"1234", {"number_digits": 3}),
        (parse_xml, b"<a><b/></a>", b"<a><b><c/></b></a>", {"depth": 2}),
        (parse_xml, b"<a b='1'/>", b"<a b='1' c='2'/>", {"xml_elements": 2}),
        (parse_xml, b"<a b='123'/>", b"<a b='1234'/>", {"attribute_length": 3}),
    ],
)
def test_limits_are_exact(parse: object, fits: bytes, too_much: bytes, limit: dict[str, int]) -> None:
    limits = replace(DEFAULT_LIMITS, **limit)
    parse(fits, where="x", limits=limits)  # type: ignore[operator]
    with pytest.raises(LimitError):
        parse(too_much, where="x", limits=limits)  # type: ignore[operator]


def test_xml_knows_lines_and_names() -> None:
    root = parse_xml(b'<n:a xmlns:n="urn:x">\n<n:b/>\n\n<n:c/></n:a>', where="x")
    assert [(child.name, child.line) for child in root] == [("b", 2), ("c", 4)]  # type: ignore[attr-defined]


def test_gzip_is_expanded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read_bytes(tmp_path / "a") == b"one two"


def test_missing_files_suggest_their_neighbours(tmp_path: Path) -> None:
    (tmp_path / "network.yaml").write_text("x")
    with pytest.raises(InputError, match=r"no such file or folder \(did you mean network.yaml\?\)"):
        read_bytes(tmp_path / "netwrok.yaml")


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "x/../../a", "link", "a\0b"])
def test_files_named_by_files_stay_inside(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(InputError):
        inside(tmp_path, name)
    assert inside(tmp_path, "x/../a") == (tmp_path / "a").resolve()


def test_members_of_archives(tmp_path: Path) -> None:
    files = {"a/one.txt": b"1", "a/two.txt": b"22", "three": b"333"}
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    for path in (tar(tmp_path / "t.tar.gz", **files), tmp_path / "z.zip"):
        assert {member.name: member.read() for member in members(path)} == files
        assert read_members(path, lambda name: name.endswith(".txt")) == {"a/one.txt": b"1", "a/two.txt": b"22"}


def test_archives_with_too_much_are_refused(tmp_path: Path) -> None:
    path = tar(tmp_path / "t.tar.gz", one=b"x" * 100, two=b"x" * 100)
    for limit in ({"members": 1}, {"archive_bytes": 150}, {"expanded_bytes": 99}):
        with pytest.raises(LimitError):
            list(members(path, replace(DEFAULT_LIMITS, **limit)))
    with pytest.raises(LimitError, match="hold more"):
        read_members(path, lambda name: True, replace(DEFAULT_LIMITS, expanded_bytes=150))
