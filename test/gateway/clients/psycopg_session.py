"""Drives psycopg and prints a line of JSON for each thing that it tried: what has to be the same through Sluice and
past it, and what only Sluice does: refusals, cancel with its own keys, tickets and tokens."""

import datetime
import decimal
import ipaddress
import json
import os
import threading
import time
import uuid

import psycopg
from psycopg.types.json import Jsonb

LOGIN = {"host": "localhost", "dbname": "shop", "sslmode": "verify-full", "connect_timeout": "20"}
DEADLINE_SECONDS = 20
LONG = "select count(*) as psycopg from generate_series(1, 100000) a, generate_series(1, 100000) b"


def settings_of(target):
    variables = {"port": "PORT", "user": "USER", "password": "PASSWORD", "sslrootcert": "AUTHORITY"}
    return {name: os.environ[f"{target}_{variable}"] for name, variable in variables.items()}


def connect(**settings):
    return psycopg.connect(**{**LOGIN, **settings})


def error_of(error):
    diag = error.diag
    return {
        "type": type(error).__name__,
        "sqlState": error.sqlstate,
        "message": diag.message_primary,
        "detail": diag.message_detail,
        "hint": diag.message_hint,
    }


def attempt(work):
    """The error that it fails with, or what it returns."""
    try:
        return work()
    except psycopg.Error as error:
        return error_of(error)


def values():
    with connect() as conn:
        # Python has no infinite timestamp.
        query = "select * from kinds where local is null or local < 'infinity' order by id"
        extremes = "select exact, approx, big, word, bytes, moment, day, span, uid, doc, docb, words, grid from kinds where id = 3"
        return {
            name: repr([conn.cursor(binary=binary).execute(text).fetchall() for text in [query, extremes]])
            for name, binary in [("text", False), ("binary", True)]
        }


def parameters():
    sent = [
        42,
        2**62,
        decimal.Decimal("12345678901234567890.5"),
        1.5,
        True,
        "Ünïcödé ✓ 🎉 \\ '",
        b"\x00\xff",
        datetime.datetime(2024, 2, 29, 1, 2, 3, 456789, datetime.timezone.utc),
        datetime.date(1, 1, 1),
        datetime.timedelta(days=3, seconds=4),
        uuid.UUID("123e4567-e89b-12d3-a456-426614174000"),
        [1, 2, None],
        ["a b", 'c,"d', None],
        Jsonb({"ü": [1, None]}),
        ipaddress.ip_address("10.1.2.3"),
        None,
    ]
    casts = "int8 int8 numeric float8 bool text bytea timestamptz date interval uuid int4[] text[] jsonb inet text".split()
    came = {}
    with connect() as conn:
        for name, mark, binary in [("text", "%t", False), ("binary", "%b", True)]:
            query = "select " + ", ".join(f"{mark}::{cast}" for cast in casts)
            row = conn.cursor(binary=binary).execute(query, sent).fetchone()
            wanted = [value.obj if isinstance(value, Jsonb) else value for value in sent]
            came[name] = list(row) == wanted or repr((row, wanted))
    return came


def prepared():
    with connect() as conn:
        names = [
            conn.execute("select name from customers where id = %s", [n], prepare=True).fetchone() for n in [1, 2, 1000, 1001]
        ]
        statements = conn.execute("select count(*) from pg_catalog.pg_class where relname = %s", ["kinds"], prepare=True)
        return [names, statements.fetchone()]


def ten_thousand_rows():
    query = "select n, 'row ' || n from generate_series(1, 10000) n"
    with connect() as conn:
        whole = conn.execute(query).fetchall()
        streamed = list(conn.cursor().stream(query))
        chunked = list(conn.cursor(binary=True).stream(query, size=100))
        return [len(whole), whole[-1], whole == streamed, whole == chunked]


def transactions():
    with connect() as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        seen = [conn.execute("show transaction_isolation").fetchone()]
        with conn.transaction():
            failed = attempt(lambda: nested(conn))
            seen += [failed, conn.execute("select 'after the savepoint'").fetchone()]
        seen.append(conn.info.transaction_status.name)
        seen.append(attempt(lambda: conn.execute("select 1/0")))
        seen.append(attempt(lambda: conn.execute("select 1")))
        conn.rollback()
        conn.autocommit = True
        return [*seen, conn.execute("select 'alive'").fetchone()]


def nested(conn):
    with conn.transaction():
        conn.execute("select nothing")


def pipeline():
    with connect(autocommit=True) as conn:
        with conn.pipeline():
            cursors = [conn.execute("select %s::int * 2", [n]) for n in range(200)]
        return sum(cursor.fetchone()[0] for cursor in cursors)


def many():
    with connect() as conn:
        cursor = conn.cursor()
        cursor.executemany("select name from customers where id = %s", [(n,) for n in range(1, 51)], returning=True)
        rows = []
        while True:
            rows += cursor.fetchall()
            if not cursor.nextset():
                return [len(rows), rows[-1]]


def metadata():
    with connect() as conn:
        cursor = conn.execute("select id, exact, words, moment from kinds")
        described = [(column.name, column.type_code, column.type_display) for column in cursor.description]
        status = [conn.info.parameter_status(name) for name in ["server_version", "client_encoding", "TimeZone", "DateStyle"]]
        element = psycopg.types.TypeInfo.fetch(conn, "timestamptz")
        return [described, status, element.oid, element.array_oid, conn.info.encoding]


def errors():
    with connect(autocommit=True) as conn:
        texts = ["select nothing", "select * from no_such_table", "select 'x'::int", "select %s::date"]
        return [attempt(lambda text=text: conn.execute(text, ["no date"] if "%" in text else None)) for text in texts]


def refusals():
    with connect(autocommit=True) as conn:
        texts = ["delete from orders", "insert into orders values (%s)", "drop table orders", "create temp table t (id int)"]
        seen = [attempt(lambda text=text: conn.execute(text, [1] if "%" in text else None)) for text in texts]
        prepared = attempt(lambda: conn.execute("update orders set status = %s", ["gone"], prepare=True))
        return {"refused": [*seen, prepared], "alive": conn.execute("select 'alive'").fetchone()}


def copy():
    with connect() as conn:
        def out():
            with conn.cursor().copy("copy customers to stdout") as rows:
                return list(rows)

        def into():
            with conn.cursor().copy("copy orders from stdin") as rows:
                rows.write_row([1000, 1, "new", 1])

        seen = [attempt(out)]
        conn.rollback()
        seen.append(attempt(into))
        conn.rollback()
        return {"refused": seen, "alive": conn.execute("select 'alive'").fetchone()}


def refused_in_transaction():
    with connect() as conn:
        conn.execute("select 1")
        first = attempt(lambda: conn.execute("delete from orders"))
        failed = attempt(lambda: conn.execute("select 1"))
        second = attempt(lambda: conn.execute("delete from orders where id = %s", [1]))
        conn.rollback()
        return {"refused": [first, second], "failed": failed, "alive": conn.execute("select 'alive'").fetchone()}


def raw_pipeline(denied):
    """What libpq itself reports, result by result: psycopg may raise at any call once the error has come."""
    with connect(autocommit=True) as conn:
        pgconn = conn.pgconn
        pgconn.enter_pipeline_mode()
        for text in [b"select 1", denied, b"select 2"]:
            pgconn.send_query_params(text, None)
        pgconn.pipeline_sync()
        pgconn.send_query_params(b"select 3", None)
        pgconn.pipeline_sync()
        results = []
        while sum(result["status"] == "PIPELINE_SYNC" for result in results) < 2:
            result = pgconn.get_result()
            if result is None:
                continue
            status = psycopg.pq.ExecStatus(result.status)
            error = psycopg.errors.error_from_result(result) if status.name == "FATAL_ERROR" else None
            value = result.get_value(0, 0) if status.name == "TUPLES_OK" else None
            results.append({"status": status.name, "value": value and value.decode(), "error": error and error_of(error)})
        pgconn.exit_pipeline_mode()
        return {"results": results, "alive": conn.execute("select 'alive'").fetchone()}


def failed_in_pipeline():
    return raw_pipeline(b"select 1/0")


def refused_in_pipeline():
    came = raw_pipeline(b"delete from orders")
    return {**came, "refused": [result["error"] for result in came["results"] if result["error"]]}


def named_cursor():
    with connect() as conn:
        refused = [attempt(lambda: conn.cursor("named").execute("select 1"))]
        conn.rollback()
        return {"refused": refused, "alive": conn.execute("select 'alive'").fetchone()}


def until_running():
    """Seen past Sluice, as the same role."""
    with connect(**settings_of("DIRECT"), autocommit=True) as conn:
        until = time.monotonic() + DEADLINE_SECONDS
        running = "select 1 from pg_stat_activity where state = 'active' and query = %s"
        while conn.execute(running, [LONG]).fetchone() is None and time.monotonic() < until:
            time.sleep(0.02)


def cancelled(how, **settings):
    with connect(autocommit=True, **settings) as conn:
        seen = []
        thread = threading.Thread(target=lambda: seen.append(attempt(lambda: conn.execute(LONG))), daemon=True)
        thread.start()
        until_running()
        how(conn)
        thread.join(DEADLINE_SECONDS)
        return [seen, conn.execute("select 'alive'").fetchone()]


def cancel():
    return {
        "encrypted": cancelled(lambda conn: conn.cancel_safe()),
        "plaintext": cancelled(lambda conn: conn.cancel()),
        "long key": cancelled(lambda conn: conn.cancel_safe(), min_protocol_version="3.2", max_protocol_version="3.2"),
    }


def login(**settings):
    try:
        with connect(**settings) as conn:
            pgconn = conn.pgconn
            return [conn.execute("select 'alive'").fetchone()[0], pgconn.full_protocol_version, pgconn.used_password]
    except psycopg.OperationalError as error:
        return str(error)


def logins():
    token = {"user": "agent", "password": os.environ["TOKEN"]}
    ways = {
        "protocol 3.0": {"max_protocol_version": "3.0"},
        "protocol 3.2": {"min_protocol_version": "3.2", "max_protocol_version": "3.2"},
        "channel binding": {"channel_binding": "require"},
        "no channel binding": {"channel_binding": "disable"},
        "TLS at once": {"sslnegotiation": "direct"},
        "only SCRAM": {"require_auth": "scram-sha-256"},
        "token": token,
        "wrong password": {"password": "wrong"},
        "expired": {"user": os.environ["EXPIRED_USER"], "password": os.environ["EXPIRED_PASSWORD"]},
        "unknown database": {"dbname": "nowhere"},
        "plaintext": {"sslmode": "disable"},
        "foreign authority": {"sslrootcert": os.environ["DIRECT_AUTHORITY"]},
        "start-up option": {"options": "-c search_path=evil"},
        "cut-off token": {**token, "password": token["password"][:-40]},
    }
    return {name: login(**settings) for name, settings in ways.items()}


SAME = [values, parameters, prepared, ten_thousand_rows, transactions, pipeline, failed_in_pipeline, many, metadata, errors]
SLUICE = [refusals, copy, refused_in_transaction, refused_in_pipeline, named_cursor, cancel, logins]

for part, target, tasks in [("through", "SLUICE", SAME), ("past", "DIRECT", SAME), ("own", "SLUICE", SLUICE)]:
    LOGIN.update(settings_of(target))
    for task in tasks:
        try:
            outcome = {"result": task()}
        except Exception as error:  # A task that breaks must not hide the others.
            outcome = {"broken": f"{type(error).__name__}: {error}"}
        print(json.dumps({"part": part, "task": task.__name__, **outcome}), flush=True)
