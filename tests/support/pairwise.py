"""Covering arrays: few rows in which every two values of different factors meet."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Final

_CANDIDATES: Final = 12

Row = dict[str, str]
_Item = tuple[str, str]


def pairwise(factors: Mapping[str, Sequence[str]], seed: int) -> list[Row]:
    """Return rows with a value of each factor, in which all pairs of values occur.

    Greedy, after the AETG method of Cohen, Dalal, Fredman and Patton (1997): each row starts with
    a pair that is still missing, and is the best of several that are filled up in a random order.

    Args:
        factors: values by the name of what they are of.
        seed: other rows for another one.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret
    missing = {
        _pair((one, value), (other, another))
        for one, other in combinations(factors, 2)
        for value, another in product(factors[one], factors[other])
    }
    rows: list[Row] = []
    while missing:
        starts = chance.choices(sorted(missing), k=_CANDIDATES)
        candidates = [_filled_up(dict(start), factors, missing, chance) for start in starts]
        row = max(candidates, key=lambda candidate: len(missing & _pairs(candidate)))
        missing -= _pairs(row)
        rows.append({factor: row[factor] for factor in factors})
    return rows


def _pair(one: _Item, other: _Item) -> tuple[_Item, _Item]:
    return (one, other) if one < other else (other, one)


def _pairs(row: Row) -> set[tuple[_Item, _Item]]:
    return {_pair(one, other) for one, other in combinations(row.items(), 2)}


def _filled_up(
    row: Row,
    factors: Mapping[str, Sequence[str]],
    missing: set[tuple[_Item, _Item]],
    chance: random.Random,
) -> Row:
    rest = [factor for factor in factors if factor not in row]
    chance.shuffle(rest)
    for factor in rest:

        def gain(value: str, factor: str = factor) -> float:
            new = (_pair((factor, value), item) for item in row.items())
            return sum(pair in missing for pair in new) + chance.random()

        row[factor] = max(factors[factor], key=gain)
    return row
