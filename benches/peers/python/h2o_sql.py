"""The groupings and joins of H2O.ai's db-benchmark, for the SQL engines. The text of q8 differs between them."""

LEFT = "x.id1, x.id2, x.id3, x.id4, x.id5, x.id6, x.v1"

QUERIES = {
    "q1": "SELECT id1, sum(v1)::bigint AS v1 FROM {grouped} GROUP BY id1",
    "q2": "SELECT id1, id2, sum(v1)::bigint AS v1 FROM {grouped} GROUP BY id1, id2",
    "q3": "SELECT id3, sum(v1)::bigint AS v1, avg(v3) AS v3 FROM {grouped} GROUP BY id3",
    "q4": "SELECT id4, avg(v1) AS v1, avg(v2) AS v2, avg(v3) AS v3 FROM {grouped} GROUP BY id4",
    "q5": "SELECT id6, sum(v1)::bigint AS v1, sum(v2)::bigint AS v2, sum(v3) AS v3 FROM {grouped} GROUP BY id6",
    "q6": "SELECT id4, id5, median(v3) AS median, stddev(v3) AS deviation FROM {grouped} GROUP BY id4, id5",
    "q7": "SELECT id3, max(v1) - min(v2) AS range FROM {grouped} GROUP BY id3",
    "q9": "SELECT id2, id4, pow(corr(v1, v2), 2) AS r2 FROM {grouped} GROUP BY id2, id4",
    "q10": """
        SELECT id1, id2, id3, id4, id5, id6, sum(v3) AS v3, count(*) AS count
        FROM {grouped} GROUP BY id1, id2, id3, id4, id5, id6
    """,
    "j1": f"SELECT {LEFT}, y.id4 AS small_id4, v2 FROM {{left}} AS x JOIN {{small}} AS y ON x.id1 = y.id1",
    "j2": f"""
        SELECT {LEFT}, y.id1 AS medium_id1, y.id4 AS medium_id4, y.id5 AS medium_id5, v2
        FROM {{left}} AS x JOIN {{medium}} AS y ON x.id2 = y.id2
    """,
    "j3": f"""
        SELECT {LEFT}, y.id1 AS medium_id1, y.id4 AS medium_id4, y.id5 AS medium_id5, v2
        FROM {{left}} AS x LEFT JOIN {{medium}} AS y ON x.id2 = y.id2
    """,
    "j4": f"""
        SELECT {LEFT}, y.id1 AS medium_id1, y.id2 AS medium_id2, y.id4 AS medium_id4, v2
        FROM {{left}} AS x JOIN {{medium}} AS y ON x.id5 = y.id5
    """,
    "j5": f"""
        SELECT {LEFT}, y.id1 AS big_id1, y.id2 AS big_id2, y.id4 AS big_id4, y.id5 AS big_id5, y.id6 AS big_id6, v2
        FROM {{left}} AS x JOIN {{big}} AS y ON x.id3 = y.id3
    """,
}

TABLES = ("grouped", "left", "small", "medium", "big")
VARIANTS = ("plain", "nulls", "zipf")


def queries(two_largest):
    """Each case with its variant and its query; `two_largest` is q8."""
    for name, sql in {**QUERIES, "q8": two_largest}.items():
        for variant in VARIANTS:
            yield (name if variant == "plain" else f"{name}_{variant}"), variant, sql
