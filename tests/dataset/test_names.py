from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.dataset.errors import RefusedError
from ops.dataset.names import LONGEST, RESERVED, fold, folded


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Order Date", "order_date"),
        ("orderDate", "order_date"),
        ("Fällig am", "faellig_am"),
        ("Straße", "strasse"),
        ("Prénom", "prenom"),
        ("Betrag (€)", "betrag_eur"),
        ("Rabatt %", "rabatt_percent"),
        ("  x  ", "x"),
        ("2024", "c_2024"),
        ("order", "order_"),
        ("User", "user_"),
        ("index", "index_"),
        ("top", "top_"),
        ("xmin", "xmin_"),
        ("_run_id", "run_id"),
        ("_raw_id", "raw_id"),
        ("_loaded_at", "loaded_at"),
        ("_airbyte_raw_id", "airbyte_raw_id"),
        ("_reasons", "reasons"),
        ("", "column_3"),
        ("***", "column_3"),
        ("日本", "column_3"),
        ("x" * 80, "x" * 63),
    ],
)
def test_headers_become_names(header: str, name: str) -> None:
    assert fold(header, 3) == name


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=100))
def test_every_header_becomes_a_name_of_both_stores(header: str) -> None:
    name = fold(header, 7)
    assert name.isascii()
    assert name.isidentifier()
    assert name == name.lower()
    assert not name.startswith("_")
    assert len(name) <= LONGEST
    assert name not in RESERVED


def test_two_headers_of_one_name_are_named() -> None:
    with pytest.raises(RefusedError, match=r"columns 1 \('Net Amount'\) and 3 \('net_amount'\) are both net_amount"):
        folded(["Net Amount", "x", "net_amount"])
