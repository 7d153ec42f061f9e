"""Serves one system's cases over the line protocol that benches/README.md describes.

usage: worker.py <system> <suite> --text <file> --tpch <folder> --tables <folder> --parallelism <n> [--memory <bytes>]
"""

import argparse
import importlib
import json
import os
import sys
import threading
import time
from queue import SimpleQueue


def main():
    options = parse_options()
    # Set before the libraries are imported, which read it.
    os.environ["POLARS_MAX_THREADS"] = str(options.parallelism)
    os.environ["TOKIO_WORKER_THREADS"] = str(options.parallelism)
    system = importlib.import_module(f"{options.system}_cases")
    cases = system.cases(options)
    requests = read_requests()
    reply("ready")
    while True:
        try:
            reply(json.dumps(serve(cases, requests.get())))
        except Exception as error:  # whatever a query raises is the harness's to report
            reply(json.dumps({"error": f"{type(error).__name__}: {error}"}))


def parse_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("system")
    parser.add_argument("suite")
    parser.add_argument("--text", required=True)
    parser.add_argument("--tpch", required=True)
    parser.add_argument("--tables", required=True)
    parser.add_argument("--parallelism", type=int, required=True)
    parser.add_argument("--memory", type=int)
    return parser.parse_args()


def read_requests():
    """Reads requests on a separate thread. When the harness ends, its pipe closes and this process ends, even in the
    middle of a query."""
    requests = SimpleQueue()

    def read():
        for line in sys.stdin:
            requests.put(line.split())
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return requests


def serve(cases, request):
    verb, name, *path = request
    case = cases.get(name)
    if case is None:
        return {"error": f"no case is called {name}; there are {', '.join(cases)}"}
    run, rows_of = case
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    if verb == "answer":
        write_rows(path[0], rows_of(result))
    return {"case": name, "seconds": seconds, "rows": len(result)}


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines("\t".join(map(str, row)) + "\n" for row in rows)


def reply(line):
    print(line, flush=True)


main()
