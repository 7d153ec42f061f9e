"""The groupings and joins of H2O.ai's db-benchmark for Polars."""

import polars as pl
from polars import col

from h2o_sql import VARIANTS

LEFT = ("id1", "id2", "id3", "id4", "id5", "id6", "v1")


def total(name):
    """None without rows, as in SQL."""
    return pl.when(col(name).count() > 0).then(col(name).sum())


def grouped(scan, keys, *measures):
    return scan("grouped").group_by(keys).agg(*measures)


def joined(scan, table, key, columns, how="inner"):
    return scan("left").join(scan(table), on=key, how=how).select(*LEFT, *columns)


def suffixed(*names):
    return [f"{name}_right" for name in names]


QUERIES = {
    "q1": lambda scan: grouped(scan, ["id1"], col("v1").sum().cast(pl.Int64)),
    "q2": lambda scan: grouped(scan, ["id1", "id2"], col("v1").sum().cast(pl.Int64)),
    "q3": lambda scan: grouped(scan, ["id3"], col("v1").sum().cast(pl.Int64), col("v3").mean()),
    "q4": lambda scan: grouped(scan, ["id4"], col("v1").mean(), col("v2").mean(), col("v3").mean()),
    "q5": lambda scan: grouped(scan, ["id6"], col("v1", "v2").sum().cast(pl.Int64), col("v3").sum()),
    "q6": lambda scan: grouped(scan, ["id4", "id5"], col("v3").median().alias("median"), col("v3").std().alias("deviation")),
    "q7": lambda scan: grouped(scan, ["id3"], (col("v1").max() - col("v2").min()).alias("range")),
    "q8": lambda scan: scan("grouped").drop_nulls("v3").group_by("id6").agg(col("v3").top_k(2)).explode("v3"),
    "q9": lambda scan: grouped(scan, ["id2", "id4"], (pl.corr("v1", "v2") ** 2).alias("r2")),
    "q10": lambda scan: grouped(scan, ["id1", "id2", "id3", "id4", "id5", "id6"], total("v3"), pl.len().cast(pl.Int64).alias("count")),
    "j1": lambda scan: joined(scan, "small", "id1", [*suffixed("id4"), "v2"]),
    "j2": lambda scan: joined(scan, "medium", "id2", [*suffixed("id1", "id4", "id5"), "v2"]),
    "j3": lambda scan: joined(scan, "medium", "id2", [*suffixed("id1", "id4", "id5"), "v2"], how="left"),
    "j4": lambda scan: joined(scan, "medium", "id5", [*suffixed("id1", "id2", "id4"), "v2"]),
    "j5": lambda scan: joined(scan, "big", "id3", [*suffixed("id1", "id2", "id4", "id5", "id6"), "v2"]),
}
