from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_types import (
    keeps_key,
    nullable,
    parse,
    readable,
    widens,
)
from hypothesis import given
from hypothesis import strategies as st

PLAIN = [
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64, 128, 256)),
    *(f"Decimal({precision}, {scale})" for precision, scale in ((9, 2), (18, 2), (18, 4))),
    *("Float32", "Float64", "Date", "Date32", "DateTime", "DateTime('UTC')", "DateTime64(3)", "DateTime64(6, 'UTC')"),
    *("Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)", "Enum16('a' = 1, 'b' = 2)", "FixedString(3)", "String", "UUID"),
]
TYPES = st.recursive(
    st.sampled_from(PLAIN),
    lambda inner: st.one_of(
        inner.map("Array({})".format),
        inner.map("Nullable({})".format),
        inner.map("LowCardinality({})".format),
        st.tuples(inner, inner).map(lambda pair: "Tuple(`a b` {}, c {})".format(*pair)),
        inner.map("Map(String, {})".format),
    ),
    max_leaves=4,
)


@given(TYPES)
def test_a_type_is_read_as_it_is_written(text) -> None:
    assert str(parse(text)) == text


@given(TYPES)
def test_no_change_loses_nothing(text) -> None:
    assert widens(text, text)
    assert keeps_key(text, text)


@given(TYPES, TYPES, TYPES)
def test_a_way_of_widenings_is_one(first, second, third) -> None:
    if widens(first, second) and widens(second, third):
        assert widens(first, third)


@given(TYPES)
def test_null_can_be_added_but_not_taken_away(text) -> None:
    if not nullable(text):
        assert widens(text, f"Nullable({text})")
        assert not widens(f"Nullable({text})", text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("UInt8", "Int16"),
        ("Int32", "Int64"),
        ("Float32", "Float64"),
        ("Decimal(9, 2)", "Decimal(18, 4)"),
        ("Date", "Date32"),
        ("DateTime", "DateTime('Europe/Berlin')"),
        ("DateTime('UTC')", "DateTime64(3)"),
        ("DateTime64(3)", "DateTime64(6, 'UTC')"),
        ("Enum8('a' = 1)", "Enum8('a' = 1, 'b' = 2)"),
        ("Enum8('a' = 1)", "Enum16('a' = 1, 'b' = 300)"),
        ("Enum16('a' = 1)", "String"),
        ("FixedString(3)", "String"),
        ("String", "LowCardinality(Nullable(String))"),
        ("LowCardinality(String)", "Nullable(String)"),
        ("Nullable(UInt8)", "Nullable(UInt16)"),
        ("Array(UInt8)", "Array(UInt16)"),
        ("Map(String, UInt8)", "Map(String, UInt16)"),
        ("Tuple(a UInt8, `b c` String)", "Tuple(a UInt16, `b c` String)"),
    ],
)
def test_widenings(old, new) -> None:
    assert widens(old, new)
    assert not (widens(new, old) and parse(old).family != "DateTime" and "LowCardinality" not in old + new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Int8", "UInt16"),
        ("UInt16", "Int16"),
        ("Int64", "Int32"),
        ("UInt8", "String"),
        ("Decimal(9, 2)", "Decimal(9, 4)"),
        ("Decimal(18, 4)", "Decimal(18, 2)"),
        ("DateTime64(3)", "DateTime"),
        ("DateTime64(3)", "DateTime64(9)"),
        ("DateTime64(6)", "DateTime64(3)"),
        ("Date", "DateTime"),
        ("Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)"),
        ("Enum16('a' = 1)", "Enum8('a' = 1)"),
        ("Nullable(UInt8)", "UInt8"),
        ("LowCardinality(Nullable(String))", "LowCardinality(String)"),
        ("Tuple(a UInt8)", "Tuple(b UInt8)"),
        ("Tuple(a UInt8)", "Tuple(a UInt8, b UInt8)"),
        ("Array(UInt16)", "Array(UInt8)"),
        ("UUID", "String"),
        ("FixedString(3)", "FixedString(4)"),
    ],
)
def test_changes_that_lose_something(old, new) -> None:
    assert not widens(old, new)


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("DateTime", "DateTime('UTC')", True),
        ("DateTime64(3)", "DateTime64(3, 'UTC')", True),
        ("DateTime64(3)", "DateTime64(6)", False),
        ("Enum8('a' = 1)", "Enum8('b' = 1, 'c' = 2)", True),
        ("Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)", False),
        ("Enum8('a' = 1)", "Enum16('a' = 1)", False),
        ("Enum8('a' = 1)", "Int8", True),
        ("Int8", "Enum8('a' = 1)", False),
        ("Date", "UInt16", True),
        ("UInt8", "Bool", True),
        ("UInt8", "UInt16", False),
        ("Date", "Nullable(Date)", False),
        ("String", "LowCardinality(String)", True),
        ("LowCardinality(Nullable(String))", "Nullable(String)", True),
        ("Array(String)", "Array(LowCardinality(String))", False),
        ("Nullable(DateTime)", "Nullable(DateTime('UTC'))", True),
        ("Tuple(a UInt8, b DateTime)", "Tuple(a UInt8, b DateTime('UTC'))", True),
        ("Map(String, DateTime)", "Map(String, DateTime('UTC'))", True),
        ("FixedString(3)", "String", False),
    ],
)
def test_what_a_key_takes_is_what_26_7_takes(old, new, kept) -> None:
    assert keeps_key(old, new) == kept


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Nullable(LowCardinality(text))", "LowCardinality(Nullable(text))"),
        ("Array(Nullable(LowCardinality(String)))", "Array(LowCardinality(Nullable(String)))"),
        ("int NULL", "Nullable(int)"),
        ("text NOT NULL", "text"),
        ("DOUBLE PRECISION", "DOUBLE PRECISION"),
        ("Enum8('x NULL' = 1)", "Enum8('x NULL' = 1)"),
    ],
)
def test_what_the_server_would_not_read(text, read) -> None:
    assert readable(text) == read
