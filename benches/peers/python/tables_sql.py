"""Sort, group and join of the generated tables, for the SQL engines."""

SORT = "SELECT key, value FROM {pairs} ORDER BY key"

ROWS = {
    "group": """
        SELECT count(*), sum(rows * rows), sum(total), sum(id * total)
        FROM (SELECT id, count(*) AS rows, sum(amount) AS total FROM {facts} GROUP BY id)
    """,
    "join": "SELECT count(*), sum(amount * weight) FROM {facts} AS f JOIN {dimension} AS d ON f.id = d.id",
}
