# Copyright: OneRing contributors
# SPDX-License-Identifier: Apache-2.0
"""ClickHouse's SQL as text: where its words, strings and parentheses are. Knows no statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

TOKEN = re.compile(
    r"""
    '(?:[^'\\]|\\.|'')*'            # a string
    | `(?:[^`\\]|\\.|``)*`          # a quoted name
    | "(?:[^"\\]|\\.|"")*"
    | \s+
    | \w+
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
LOOKUP = re.compile("dict|joinGet")
ESCAPE = r"\\x([0-9a-fA-F]{2})|\\(.)"
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "0": "\0", "a": "\a", "v": "\v"}


def scan(text: str) -> Iterator[tuple[int, str, int]]:
    """Position, token, and how deep in parentheses it stands; a parenthesis belongs to the outside."""
    depth = 0
    for match in TOKEN.finditer(text):
        word = match.group()
        depth -= word in (")", "]", "}")
        yield match.start(), word, depth
        depth += word in ("(", "[", "{")


def split(text: str) -> list[str]:
    """`a, f(b, c)` is two."""
    cuts = [position for position, word, depth in scan(text) if word == "," and depth == 0]
    starts = [0, *(cut + 1 for cut in cuts)]
    parts = [text[start:end].strip() for start, end in zip(starts, [*cuts, len(text)], strict=True)]
    return [part for part in parts if part]


def clauses(text: str, keywords: Sequence[str]) -> dict[str, str]:
    """What follows each keyword, and before the first one (""). Keywords come in this order; each is found once."""
    found: dict[str, str] = {}
    at, begin, following = "", 0, 0
    for position, word, depth in scan(text):
        if depth or position < begin or not word[0].isalpha():
            continue
        for index in range(following, len(keywords)):
            if re.compile(re.escape(keywords[index]) + r"(?!\w)").match(text, position):
                found[at] = text[begin:position].strip()
                at, begin, following = keywords[index], position + len(keywords[index]), index + 1
                break
    found[at] = text[begin:].strip()
    return found


def inside(text: str) -> str | None:
    """What one pair of parentheses around all of a text holds."""
    if not text.startswith("("):
        return None
    closed = next((position for position, word, depth in scan(text) if word == ")" and depth == 0), None)
    return text[1:-1].strip() if closed == len(text) - 1 else None


def bare(text: str) -> str:
    """An expression without parentheses around all of it; a tuple keeps them."""
    held = inside(text)
    return text if held is None or len(split(held)) > 1 else bare(held)


def items(text: str) -> list[str]:
    """The expressions of a key: `(a, b)`, `a`, `tuple(a, b)`, and none of `tuple()`."""
    key = bare(text)
    held = inside(key.removeprefix("tuple"))
    return split(key if held is None else held)


def first(text: str) -> tuple[str, str]:
    """A name at the beginning, unquoted, and what follows it."""
    match = TOKEN.match(text)
    if match is None:
        return "", ""
    return unquote(match.group()), text[match.end() :].strip()


def unquote(text: str) -> str:
    """The value of a string or of a quoted name; anything else as it is."""
    quote = text[:1]
    if len(text) < 2 or quote not in "'`\"" or text[-1] != quote:
        return text
    return re.sub(f"{ESCAPE}|{quote}{quote}", _unescape, text[1:-1], flags=re.DOTALL)


def _unescape(match: re.Match[str]) -> str:
    code, character = match.groups()
    if code:
        return chr(int(code, 16))
    return ESCAPES.get(character, character) if character else match.group()[0]


def squeeze(text: str) -> str:
    """One line, without spaces inside parentheses, whatever the server's own layout; strings stay as they are."""
    line = "".join(" " if word.isspace() else word for _position, word, _depth in scan(text.strip()))
    return "".join(
        word
        for position, word, _depth in scan(line)
        if not (word == " " and (line[position - 1] == "(" or line[position + 1] == ")"))
    )


def rename_functions(text: str, canonical: Callable[[str], str]) -> str:
    """Each function by the name that the server stores."""
    tokens = [word for _position, word, _depth in scan(text)]
    return "".join(canonical(word) if after == "(" else word for word, after in zip_longest(tokens, tokens[1:]))


def tables(text: str) -> set[tuple[str, str]]:
    """What a statement may read: (database, name), without a database ("", name)."""
    words = ["", "", *(word for _position, word, _depth in scan(text) if not word.isspace())]
    found = set()
    for index in range(2, len(words)):
        second, before, word = words[index - 2 : index + 1]
        if before == ".":
            found.add((unquote(second), unquote(word)))
        elif before in ("FROM", "JOIN", "IN"):
            found.add(("", unquote(word)))
        elif before == "(" and LOOKUP.match(second) and word.startswith("'"):
            database, _dot, name = unquote(word).rpartition(".")
            found.add((database, name))
    return found
