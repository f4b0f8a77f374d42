"""Text files of other programs: a byte order mark is no content, only a newline ends a line, and unreadable text is an error."""

import codecs
import io
import json

import pytest
from foreign import LETTERS
from hypothesis import given
from hypothesis import strategies as st

from zoomearth.core import texts
from zoomearth.core.texts import Broken

MARKED = [*((b"", encoding) for encoding in ("utf-8", *texts.UNMARKED.values())), *((mark, encoding) for mark, encoding in texts.MARKS)]
SEPARATED = "three\u2028ships\u2029in\x85a\x1crow"


@pytest.mark.parametrize(("mark", "encoding"), MARKED)
def test_a_mark_names_the_encoding_and_is_no_content(tmp_path, mark, encoding):
    file = tmp_path / "text"
    file.write_bytes(mark + f'{{"a": "{SEPARATED}"}}\r\n{{"a": "é"}}'.encode(encoding))
    assert texts.read(file).startswith('{"a"')
    assert list(texts.rows(file)) == [(1, {"a": SEPARATED}), (2, {"a": "é"})]
    file.write_bytes(mark + '{"a": "é"}'.encode(encoding))
    assert texts.read_object(file) == {"a": "é"}
    file.write_bytes(mark + ' \n[{"a": 1},\n 5]'.encode(encoding))
    assert list(texts.rows(file)) == [(1, {"a": 1}), (2, Broken("the row is not a JSON object"))]


def test_each_line_says_what_is_wrong_with_it(tmp_path):
    file = tmp_path / "rows.jsonl"
    lines = [
        b'{"a": 1}',
        b"",
        b"{torn",
        '{"a": "Caf\u00e9"}'.encode("latin-1"),
        b"[1]",
        b"[" * 100_000,
        b'{"a": "\x0b"}',
        b'{"a": "half of',
    ]
    file.write_bytes(b"\n".join(lines))
    rows = dict(texts.rows(file))
    assert (rows[1], rows[7]) == ({"a": 1}, {"a": "\x0b"})
    assert {number: row.why for number, row in rows.items() if isinstance(row, Broken)} == {
        3: "the line is not JSON",
        4: "the line is not in UTF-8",
        5: "the row is not a JSON object",
        6: "the line is not JSON",
        8: "the line is not JSON",
    }
    assert rows[4].detail == "byte 10 is not UTF-8"
    assert rows[6].detail == "it is nested too deeply"
    assert [number for number, row in rows.items() if isinstance(row, Broken) and row.torn] == [8]


@pytest.mark.parametrize("content", [codecs.BOM_UTF16_LE + b"odd", b"Caf\xe9", codecs.BOM_UTF8 + b"\xff"])
def test_what_is_not_in_its_encoding_is_refused_in_words(content):
    with pytest.raises(ValueError, match=r"byte \d+ is not UTF-"):
        texts.decode(content)


@given(st.lists(st.dictionaries(LETTERS, LETTERS), max_size=4), st.booleans())
def test_whatever_a_text_holds_its_line_is_one_row(rows, escaped):
    lines = [json.dumps(row, ensure_ascii=escaped).encode("utf-8", "surrogatepass") + b"\n" for row in rows]
    for row, line in zip(rows, lines):
        read = texts.row(line)
        # two escaped halves of one character side by side are one character
        assert read == json.loads(json.dumps(row)) or (not escaped and read.why == "the line is not in UTF-8")


def test_half_a_character_is_found_and_can_be_written_to_a_screen():
    assert texts.has_half_characters("\ud83d ships")
    assert not texts.has_half_characters("😀 ships")
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    texts.escape_unknown_letters(stream)
    stream.write("\ud83d é")
    stream.flush()
    assert stream.buffer.getvalue() == b"\\ud83d \\xe9"
