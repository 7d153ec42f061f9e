"""DuckDB, reading the files inside the query."""

import tempfile

import duckdb

import h2o_sql
from digest import Written
from pairs import Checksum
from tables_sql import ROWS, SORT
from tpch_sql import QUERIES, TABLES


def cases(options):
    connection = duckdb.connect()
    connection.execute(f"SET threads = {options.parallelism}")
    # The scan may pass rows to the aggregate in any order, since the file's order is not needed.
    connection.execute("SET preserve_insertion_order = false")
    connection.execute(f"SET temp_directory = '{tempfile.gettempdir()}/duckdb'")
    if options.memory is not None:
        connection.execute(f"SET memory_limit = '{options.memory}B'")
    if options.suite in ("sort", "cliff"):
        return table_cases(connection, options.tables)
    if options.suite == "word_count":
        return {"word_count": (lambda: word_count(connection, options.text), arrow_rows)}
    if options.suite == "h2o":
        return h2o_cases(connection, options.tables)
    tables = {name: f"read_parquet('{options.tpch}/{name}.parquet')" for name in TABLES}
    return {
        name: (lambda sql=sql.format(**tables): connection.execute(sql).fetchall(), lambda rows: rows)
        for name, sql in QUERIES.items()
    }


def table_cases(connection, folder):
    tables = {name: f"read_parquet('{folder}/{name}.parquet')" for name in ("pairs", "facts", "dimension")}
    run_sort = (lambda: sort(connection, SORT.format(**tables)), lambda rows: rows)
    rows = {
        name: (lambda sql=sql.format(**tables): connection.execute(sql).fetchall(), lambda rows: rows)
        for name, sql in ROWS.items()
    }
    return {"ample": run_sort, "quarter": run_sort, "sixteenth": run_sort, "sort": run_sort, **rows}


TWO_LARGEST = "SELECT id6, unnest(max(v3, 2)) AS v3 FROM {grouped} WHERE v3 IS NOT NULL GROUP BY id6"


def h2o_cases(connection, folder):
    def case(name, variant, sql):
        tables = {table: f"read_parquet('{folder}/{variant}/{table}.parquet')" for table in h2o_sql.TABLES}
        path = f"{tempfile.gettempdir()}/h2o-duckdb-{name}.parquet"
        copy = f"COPY ({sql.format(**tables)}) TO '{path}' (FORMAT parquet, COMPRESSION snappy)"

        def run():
            connection.execute(copy)
            return Written(path)

        return run, Written.rows

    return {name: case(name, variant, sql) for name, variant, sql in h2o_sql.queries(TWO_LARGEST)}


def sort(connection, sql):
    # The fastest variant: to_arrow_table and fetchnumpy hold all rows, took as long, and needed more memory.
    consumed = Checksum()
    for batch in connection.sql(sql).to_arrow_reader(122_880):
        consumed.add(batch.column("key").to_numpy(), batch.column("value").to_numpy())
    return consumed.answer()


def word_count(connection, path):
    # The fastest variant: read_csv splitting into padded columns took 1.35 times as long; read_text with
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
