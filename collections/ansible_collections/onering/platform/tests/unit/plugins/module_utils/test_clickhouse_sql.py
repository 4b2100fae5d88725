from __future__ import annotations

import pytest
from ansible_collections.onering.platform.plugins.module_utils.clickhouse import literal, name
from ansible_collections.onering.platform.plugins.module_utils.clickhouse_sql import (
    bare,
    clauses,
    first,
    inside,
    items,
    rename_functions,
    scan,
    split,
    squeeze,
    tables,
    unquote,
)
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_scanning_loses_nothing(text) -> None:
    assert "".join(token for _position, token, _depth in scan(text)) == text


@given(st.text())
def test_what_is_quoted_is_read_as_it_was(text) -> None:
    assert unquote(literal(text)) == text
    assert unquote(name(text)) == text
    assert first(f"{name(text)} UInt8") == (text, "UInt8")


@given(st.lists(st.text(), max_size=4))
def test_quoted_parts_are_split_between_them_only(texts) -> None:
    parts = [f"f({literal(text)}, {name(text)})" for text in texts]
    assert split(", ".join(parts)) == parts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'a\\x41\\'\\n'", "aA'\n"),
        ("'it''s'", "it's"),
        ("`a``b`", "a`b"),
        ("'a``\"\"'", 'a``""'),
        ("plain", "plain"),
        ("'", "'"),
        ("", ""),
    ],
)
def test_unquote(text, value) -> None:
    assert unquote(text) == value


def test_clauses_are_those_outside_of_parentheses_and_strings() -> None:
    text = "x(TTL) ' TTL ' ENGINE = A ORDER BY (a, ORDERLY) TTL d TO DISK 'x' SETTINGS a = 1"
    assert clauses(text, ("TO", "ENGINE", "ORDER BY", "TTL", "SETTINGS", "COMMENT")) == {
        "": "x(TTL) ' TTL '",
        "ENGINE": "= A",
        "ORDER BY": "(a, ORDERLY)",
        "TTL": "d TO DISK 'x'",
        "SETTINGS": "a = 1",
    }
    assert clauses("", ("TTL",)) == {"": ""}


@pytest.mark.parametrize(
    ("text", "held"), [("(a, (b))", "a, (b)"), ("(a) + (b)", None), ("a", None), ("", None), ("(')')", "')'")]
)
def test_inside(text, held) -> None:
    assert inside(text) == held


@pytest.mark.parametrize(
    ("text", "expression"),
    [("((a + b))", "a + b"), ("(a, b)", "(a, b)"), ("(a) + (b)", "(a) + (b)"), ("tuple(1)", "tuple(1)"), ("()", "")],
)
def test_bare(text, expression) -> None:
    assert bare(text) == expression


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("(a, b)", ["a", "b"]),
        ("a", ["a"]),
        ("(a)", ["a"]),
        ("(a) + (b)", ["(a) + (b)"]),
        ("tuple()", []),
        ("()", []),
        ("(tuple())", []),
        ("", []),
        ("tuple(a, b DESC)", ["a", "b DESC"]),
        ("(f(a, b), c)", ["f(a, b)", "c"]),
        ("tuple(a).1", ["tuple(a).1"]),
    ],
)
def test_items(text, key) -> None:
    assert items(text) == key


def test_squeeze_keeps_strings() -> None:
    assert squeeze("Tuple(\n    a Enum8('x  ( y' = 1),\n    b  String )") == "Tuple(a Enum8('x  ( y' = 1), b String)"


def test_functions_are_renamed_but_no_other_words() -> None:
    assert rename_functions("NOW() + now + 'NOW()' + `NOW`(1)", str.lower) == "now() + now + 'NOW()' + `now`(1)"
    assert rename_functions("", str.lower) == ""


def test_tables_are_what_stands_where_a_table_does() -> None:
    query = "SELECT a, dictGet('ops.d', 'v', x), 'ops.no' FROM `o.ps`.`t 1` JOIN plain ON b IN `o'ther` WHERE c = 'd'"
    assert tables(query) == {("ops", "d"), ("o.ps", "t 1"), ("", "o.ps"), ("", "plain"), ("", "o'ther")}
    assert tables("") == set()
