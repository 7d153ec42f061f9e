"""DuckDB, reading the files inside the query."""

import duckdb

from tpch_sql import QUERIES, TABLES


def cases(options):
    connection = duckdb.connect()
    connection.execute(f"SET threads = {options.parallelism}")
    # Lets the scan hand rows to the aggregate in any order, as nobody asks for the file's.
    connection.execute("SET preserve_insertion_order = false")
    if options.suite == "word_count":
        return {"word_count": (lambda: word_count(connection, options.text), arrow_rows)}
    tables = {name: f"read_parquet('{options.tpch}/{name}.parquet')" for name in TABLES}
    return {
        name: (lambda sql=sql.format(**tables): connection.execute(sql).fetchall(), lambda rows: rows)
        for name, sql in QUERIES.items()
    }


def word_count(connection, path):
    # The quickest of those tried: read_csv splitting into padded columns took 1.35 times as long; read_text with
    # string_split into lines did not end.
    return connection.sql(f"""
        SELECT word, count(*) AS count
        FROM (SELECT unnest(string_split(line, ' ')) AS word
              FROM read_csv('{path}', columns = {{'line': 'VARCHAR'}}, delim = '', quote = '', escape = '',
                            header = false, auto_detect = false, new_line = '\\n', buffer_size = 32000000))
        GROUP BY word
    """).to_arrow_table()


def arrow_rows(table):
    return zip(table["word"].to_pylist(), table["count"].to_pylist())
