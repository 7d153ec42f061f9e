"""The digest of a Parquet file of rows in any order, as in benches/src/digest.rs."""

import numpy
import polars as pl

NULL = -7
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
WORD = 2**64


class Written:
    """A file of one answer."""

    def __init__(self, path):
        self.path = path

    def __len__(self):
        return 1

    def rows(self):
        return [digest(pl.read_parquet(self.path))]


def digest(frame):
    cells, fractions = numpy.zeros(len(frame), numpy.uint64), []
    for position, column in enumerate(frame.get_columns()):
        if column.dtype.is_float():
            fractions.append(column.fill_null(0).cast(pl.Float64).to_numpy())
            numbers = column.is_null().cast(pl.Int64)
        elif column.dtype == pl.String:
            numbers = column.str.slice(2).cast(pl.Int64).fill_null(NULL)
        else:
            numbers = column.cast(pl.Int64).fill_null(NULL)
        cells += numbers.to_numpy().view(numpy.uint64) * numpy.uint64(random(1, position) | 1)
    hashes = mixed(numpy.uint64(0) + (cells + numpy.uint64(1)) * numpy.uint64(GOLDEN))
    weights = (hashes >> numpy.uint64(11)).astype(numpy.float64) / 2**53
    low, high = int((hashes & numpy.uint64(2**32 - 1)).sum()), int((hashes >> numpy.uint64(32)).sum())
    sums = [float(numpy.dot(fraction, weights)) for fraction in fractions]
    return (len(frame), low, high, *(sums + [0.0] * (6 - len(sums))))


def random(seed, number):
    return int(mixed(numpy.array([(seed + (number + 1) * GOLDEN) % WORD], numpy.uint64))[0])


def mixed(state):
    """SplitMix64; products of arrays wrap."""
    state = (state ^ (state >> numpy.uint64(30))) * numpy.uint64(FIRST)
    state = (state ^ (state >> numpy.uint64(27))) * numpy.uint64(SECOND)
    return state ^ (state >> numpy.uint64(31))
