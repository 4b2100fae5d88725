from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("name,code\na,1\nb,2\n", ["code"]),  # named like a key, before others
        ("weight,order_id\n1,7\n2,8\n", ["order_id"]),
        ("code,id\n1,5\n2,6\n", ["id"]),
        ("name,n\na,1\na,2\n", ["n"]),
        ("ratio,n\n0.5,1\n0.7,1\n0.5,2\n", None),  # a fraction tells nobody apart
        ("shop,day,x\n1,2025-01-01,5\n1,2025-01-02,5\n2,2025-01-01,5\n2,2025-01-02,5\n", ["shop", "day"]),
        ("a,b,c\n" + "".join(f"{a},{b},{c}\n" for a in "xy" for b in "xy" for c in "xy"), ["a", "b", "c"]),
        ("id,n\n,1\n2,2\n", ["n"]),  # a gap is no key
    ],
)
def test_key_that_is_found(make: Make, data: str, key: list[str] | None) -> None:
    result = make(data)
    assert (result.key if result.code == 0 else None) == key


def test_without_a_key_the_closest_are_named(refused: Callable[..., str]) -> None:
    told = refused("shop,day\n1,2\n1,2\n1,3\n2,2\n")
    assert "1 rows are copies of another row as a whole" in told
    assert "Closest: shop,day (1 rows repeat one); " in told
    assert "Choose with KEY=shop,day" in told


def test_a_chosen_key_says_what_it_costs(make: Make) -> None:
    result = make("Shop Nr,day,x\n1,2,1\n1,2,2\n1,3,3\n,2,4\n", "--key", "Shop Nr,day")
    assert result.key == ["shop_nr", "day"]
    assert "key shop_nr, day: 1 rows repeat one, they go to quarantine" in result.out
    assert "key shop_nr, day: 1 rows lack a part of it, they go to quarantine" in result.out
    assert result.columns["shop_nr"] == "UInt8"
    rows = result.suites["silver"]["things"][0]
    assert rows["notes"].startswith("review: 2 rows are expected")


def test_a_key_of_unknown_columns_is_refused(refused: Callable[..., str]) -> None:
    assert "KEY: there is no column nothing; there are: a, b" in refused("a,b\n1,2\n", "--key", "nothing")
