"""Vectorised drawing: random choices from weighted word lists, hashed keys, missing values.

Here: what every part of a synthetic learner draws with. Not here: words (vocabulary) and what is
drawn for which column (profile, entries).

All randomness comes from one `numpy.random.Generator` per chunk of rows, handed in; nothing here
keeps state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Words64 = npt.NDArray[np.uint64]


def generator(seed: int, *path: int) -> np.random.Generator:
    """The random stream of one chunk and purpose under a seed: independent of all others."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=path)))


def chance(rng: np.random.Generator, count: int, rate: float) -> Mask:
    """True at the given rate, `count` times."""
    return rng.random(count) < rate


def cumulated(weights: Iterable[float]) -> Floats:
    """Weights as a cumulative distribution that ends at exactly 1."""
    sums = np.cumsum(np.asarray(list(weights), dtype=np.float64))
    sums /= sums[-1]
    sums[-1] = 1.0
    return sums


def pick(rng: np.random.Generator, cumulative: Floats, count: int) -> Ints:
    """Indexes drawn by a cumulative distribution."""
    return np.searchsorted(cumulative, rng.random(count), side="right").astype(np.int64)


class WordList:
    """Words with weights, drawn many at a time."""

    def __init__(self, words: Sequence[str], weights: Iterable[float] | None = None) -> None:
        self.words = pl.Series("words", list(words), dtype=pl.String)
        self.cumulative = cumulated(weights if weights is not None else [1.0] * len(words))

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, float]]) -> WordList:
        """From (word, weight) pairs."""
        listed = list(pairs)
        return cls([word for word, _ in listed], [weight for _, weight in listed])

    def __len__(self) -> int:
        return len(self.words)

    def take(self, indexes: Ints) -> pl.Series:
        """The words at these indexes."""
        return take(self.words, indexes)

    def indexes(self, rng: np.random.Generator, count: int) -> Ints:
        """Indexes drawn by weight."""
        return pick(rng, self.cumulative, count)

    def draw(self, rng: np.random.Generator, count: int) -> pl.Series:
        """Words drawn by weight."""
        return self.take(self.indexes(rng, count))


class NumberTexts:
    """JSON text of numbers with the spellings of a missing one behind them.

    Index i below `known` is the i-th number; the others are the spellings of "missing".
    """

    def __init__(self, numbers: Sequence[str], missing: Iterable[tuple[str, float]]) -> None:
        spelt = list(missing)
        self.known = len(numbers)
        self.words = pl.Series(
            "numbers", [f'"{number}"' for number in numbers] + [word for word, _ in spelt]
        )
        self.cumulative = cumulated(weight for _, weight in spelt)

    def texts(self, rng: np.random.Generator, indexes: Ints, known: Mask) -> pl.Series:
        """The numbers at `indexes` where known, else some spelling of missing."""
        missing = self.known + pick(rng, self.cumulative, len(indexes))
        return take(self.words, np.where(known, np.minimum(indexes, self.known - 1), missing))


def take(words: pl.Series, indexes: Ints) -> pl.Series:
    """`words` at `indexes`."""
    return words.gather(pl.Series(indexes))


def choose(mask: Mask, chosen: pl.Series, otherwise: pl.Series) -> pl.Series:
    """Row by row `chosen` where the mask is true, else `otherwise`."""
    return chosen.zip_with(pl.Series(mask), otherwise)


def glue(*parts: pl.Series | str) -> pl.Series:
    """Row by row concatenation of columns and constants."""
    pieces = [pl.lit(part) for part in parts]
    return pl.select(pl.concat_str(pieces).alias("glued")).to_series()


def joined(flat: pl.Series, counts: Ints, separator: pl.Series | str) -> pl.Series:
    """Consecutive runs of `flat` (counts[i] items for row i) joined to one text a row."""
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    values = pa.array(flat.to_arrow(), type=pa.large_string())
    lists = pl.Series(pa.LargeListArray.from_arrays(pa.array(offsets), values))
    between = pl.lit(separator)
    return pl.select(pl.lit(lists).list.join(between).alias("joined")).to_series()


def mixed(numbers: Words64, salt: int) -> Words64:
    """SplitMix64: 64 well mixed bits for each number; the same for the same salt, always."""
    with np.errstate(over="ignore"):
        x = numbers + np.uint64(salt % 2**64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def hashed_texts(numbers: Ints, seed: int, purpose: int) -> pl.Series:
    """32 hex characters for each number, as a hash gives them: no two are alike in practice."""
    base = mixed(numbers.astype(np.uint64), 2 * purpose + 1)
    both = np.empty((len(numbers), 2), dtype=">u8")
    both[:, 0] = mixed(base, (seed << 1) + 0x51)
    both[:, 1] = mixed(base ^ np.uint64(0xA5A5A5A5A5A5A5A5), (seed << 1) + 0x77)
    text = pa.py_buffer(both.tobytes().hex().encode("ascii"))
    offsets = pa.py_buffer(np.arange(0, 32 * (len(numbers) + 1), 32, dtype=np.int64))
    hexes = pa.LargeStringArray.from_buffers(len(numbers), offsets, text)
    return pl.Series("hashed", hexes)


class MissingTexts:
    """Puts the spellings of "missing" into text columns."""

    def __init__(self, spellings: Iterable[tuple[str, float]], null_share: float) -> None:
        self.words = WordList.of_pairs(spellings)
        self.null_share = null_share

    def draw(self, rng: np.random.Generator, count: int) -> pl.Series:
        """Spellings of missing, some of them NULL."""
        spelt = self.words.draw(rng, count)
        nothing = pl.Series("nothing", [None] * count, dtype=pl.String)
        return choose(chance(rng, count, self.null_share), nothing, spelt)

    def put(self, rng: np.random.Generator, values: pl.Series, known: Mask) -> pl.Series:
        """`values` where known, else a spelling of missing."""
        return choose(known, values, self.draw(rng, len(values)))
