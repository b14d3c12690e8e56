"""The three ways of decoding agree, and dirt ends where the rules say."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kweli_assets.cleaning import json_arrays
from kweli_assets.cleaning.json_arrays import ArrayReader, BadJsonError, decode_carefully
from kweli_assets.cleaning.values import Kind, Value

VALUES = (
    Value("name", "name"),
    Value("score", "score", Kind.NUMBER),
    Value("current", "current", Kind.FLAG),
    Value("end", "end", Kind.END_DATE),
)
READER = ArrayReader(VALUES, marking=("name", "venture"))


def read(*texts: str | None) -> json_arrays.Entries:
    return READER.read(pl.Series("text", texts, dtype=pl.String))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (None, []),
        ("", []),
        (" N/A ", []),
        ("null", []),
        ("-99", []),
        ("[]", []),
        (" [] ", []),
        ('"[]"', []),
        ('""', []),
        ('" none "', []),
        ("[1", [(None, "bad json")]),
        ("[NaN]", [(None, "bad json")]),
        ("[{'name': 1}]", [(None, "bad json")]),
        ("[{},]", [(None, "bad json")]),
        ('[{"name": "a\nb"}]', [(None, "bad json")]),
        ('[{"name": "\\ud800"}]', [(None, "bad json")]),
        ('[{"name": "\\ud83d\\ude00"}]', []),
        ('[{"other": "\\udc00"}]', [(None, "bad json")]),
        ('[{"name": "\\udfff", "name": "overwritten"}]', [(None, "bad json")]),
        ('[{"\\udfff": 1}]', [(None, "bad json")]),
        ('[{"name": "\\ude00\\ud83d"}]', [(None, "bad json")]),
        ('[{"score": 01}]', [(None, "bad json")]),
        ('[{"score": +1}]', [(None, "bad json")]),
        ("\ufeff[]", [(None, "bad json")]),
        ("\u00a0[]", [(None, "bad json")]),
        ('"[1"', [(None, "bad json")]),
        ("[" * 5000 + "]" * 5000, [(None, "bad json")]),
        ("7", [(None, "not an array")]),
        ("{}", [(None, "not an array")]),
        ("false", [(None, "not an array")]),
        (
            '[{}, null, "x", [{}]]',
            [(2, "not an object"), (3, "not an object"), (4, "not an object")],
        ),
    ],
)
def test_reasons(text: str | None, reasons: list[tuple[int | None, str]]) -> None:
    entries = read(text)
    assert [(r.index, r.reason) for r in entries.rejected] == reasons
    assert entries.entries_in == len(entries.frame) + len(reasons)


def test_values_of_any_json_type() -> None:
    entries = read(
        '[{"name": 1.50, "score": "7", "current": true}, {"score": 1e2, "current": 1.0},'
        ' {"name": true, "score": false, "current": {}, "end": []}]'
    )
    assert entries.frame.select("name", "score", "current", "end").rows() == [
        ("1.50", "7", "true", None),
        (None, "1e2", "1", None),
        (None, None, None, None),
    ]
    assert entries.unreadable == [
        ("score", "number", 0, 3, "false"),
        ("current", "flag", 0, 3, "{}"),
        ("end", "date", 0, 3, "[]"),
    ]
    assert entries.frame.get_column("has name").to_list() == [True, False, True]


def test_double_keys_and_double_encoding() -> None:
    inner = '[{"name": "first", "name": "last"}]'
    entries = read(inner, json.dumps(inner), json.dumps(json.dumps(inner)))
    assert entries.frame.get_column("name").to_list() == ["last"] * 3
    assert entries.frame.get_column("row").to_list() == [0, 1, 2]


def test_positions_stay_where_an_element_is_rejected() -> None:
    assert read('[{"name": "a"}, 1, {"name": "c"}]').frame.get_column("index").to_list() == [1, 3]


def test_entry_json_keeps_the_text_of_numbers_and_letters() -> None:
    text = json.dumps('[{"a": 1.50, "b": "é\\"", "c": [null, true]}]')
    assert json_arrays.entry_json(text, 1) == '{"a": 1.50, "b": "é\\"", "c": [null, true]}'


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "score", "current", "end", "venture", "x"]), inner
        )
    ),
    max_leaves=8,
)
documents = st.one_of(
    json_values.map(lambda v: json.dumps(v)),
    st.lists(json_values, max_size=3).map(lambda v: json.dumps(v, ensure_ascii=False)),
    st.lists(
        st.dictionaries(
            st.sampled_from(["name", "score", "current", "end", "x"]),
            st.text(max_size=4) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        max_size=3,
    ).map(json.dumps),
    st.text(alphabet='[]{}",:\\u019eE+-.ntrfalsd \t\x00\x7f', max_size=14),
    st.text(alphabet='"\\u019ddDabcefDF8', max_size=12).map(lambda t: '[{"x": "' + t + '"}]'),
    st.text(alphabet="0123456789eE+-.", max_size=8).map(lambda t: '[{"score": ' + t + "}]"),
    st.text(alphabet="0123456789eE+-.", max_size=8).map(lambda t: '[{"x": ' + t + "}]"),
)


@settings(max_examples=1500, deadline=None)
@given(documents)
def test_fast_path_agrees_with_the_careful_one(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    both = read(text)
    careful = json_arrays._CarefulRows(READER.kinds, READER.marking)
    careful.add(0, text)
    expected = pl.DataFrame(careful.columns, schema=READER.schema, orient="col")
    same = [c for c in both.frame.columns if c != "score"]
    assert both.frame.select(same).rows() == expected.select(same).rows()
    assert both.rejected == careful.rejected
    # The fast path may write a number's text in another way, never another number.
    for got, wanted in zip(
        both.frame.get_column("score"), expected.get_column("score"), strict=True
    ):
        assert (got is None) == (wanted is None)
        if got != wanted:
            assert float(got) == float(wanted)


def test_careful_decoder_refuses_what_the_rfc_does_not_allow() -> None:
    for text in ("NaN", "Infinity", "-Infinity", "01", "1.", ".5", "'a'", "[1,]", '"\\x"', ""):
        with pytest.raises(BadJsonError):
            decode_carefully(text)


# Texts as one program writes them, and the same with one thing changed: a quote more, another
# blank, another order, a number, a key twice.
_written = st.builds(
    lambda entries, separators: json.dumps(entries, ensure_ascii=False, separators=separators),
    st.lists(
        st.fixed_dictionaries(
            {name: st.text('ab,:}{[]"\\é ', max_size=4) for name in ("name", "score", "more")}
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([(", ", ": "), (",", ":")]),
)
_changed = st.one_of(
    _written,
    st.builds(
        lambda text, place, what: text[: place % len(text)] + what + text[place % len(text) :],
        _written,
        st.integers(0, 200),
        st.sampled_from(['"', " ", ",", "}, {", '", "', "\n", "\\", "]", '"name": "x", ', "1"]),
    ),
    st.sampled_from(
        [
            '[{"name": 1, "score": "2", "more": ""}]',
            '[{"score": "2", "name": "1", "more": ""}]',
            '[{"name": "1", "score": "2", "more": "", "name": "3"}]',
            '[{"name": "1", "score": "2"}, {"name": "1", "score": "2", "more": ""}]',
            '[{"name": "1", "score": "2", "more": null}]',
            '[{"name": "1", "score": "2", "more": ["x"]}]',
            '[{"name": "1"}, 2]',
            "[{}]",
        ]
    ),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_changed, min_size=1, max_size=12))
def test_cutting_at_the_quotes_agrees_with_decoding(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_arrays, "_WORTH_CUTTING", 1)
        patch.setattr(json_arrays, "_TEXTS_AT_ONCE", 5)
        cut = read(*texts)
        patch.setattr(json_arrays, "_LAYOUTS", 0)
        decoded = read(*texts)
    assert cut.frame.rows() == decoded.frame.rows()
    assert cut.frame.schema == decoded.frame.schema
    assert (cut.rejected, cut.unreadable) == (decoded.rejected, decoded.unreadable)
    assert cut.entries_in == decoded.entries_in


def test_texts_of_the_usual_layouts_are_cut_and_the_others_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spaced = [f'[{{"name": "n{i}", "score": "{i}"}}]' for i in range(200)]
    compact = [f'[{{"name":"n{i}","end":"x"}},{{"name":"}}, {{","end":":"}}]' for i in range(150)]
    others = ['[{"name": "a\\u0062", "score": "1"}]', '[{"name": 3, "score": "1"}]', "{", None]
    decoded: list[int] = []
    fast = ArrayReader._fast_frame

    def counted(reader: ArrayReader, rows: list[int], *more: list[object]) -> pl.DataFrame:
        decoded.append(len(rows))
        return fast(reader, rows, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(ArrayReader, "_fast_frame", counted)
    found = read(*others, *compact, *spaced)
    assert decoded == [1]  # the escaped letter; the number as a name goes the careful way
    assert found.entries_in == 3 + 2 * 150 + 200
    assert [bad.reason for bad in found.rejected] == [json_arrays.BAD_JSON]
    assert found.frame.filter(row=4 + 150).select(
        "index", "name", "score", "has venture"
    ).rows() == [(1, "n0", "0", False)]
    assert found.frame.filter(row=4).select("index", "name", "end", "score").rows() == [
        (1, "n0", "x", None),
        (2, "}, {", ":", None),
    ]
