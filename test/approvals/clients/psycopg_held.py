"""Drives psycopg with commands that wait for an approval. Prints a line of JSON for each notice at the moment that it is
told, so that the reviewer who reads them decides no earlier, and one for what each task came to."""

import json
import os
import threading

import psycopg
from psycopg.types.json import Jsonb

DEADLINE_SECONDS = 20
printing = threading.Lock()


def say(**line):
    with printing:
        print(json.dumps(line), flush=True)


def connect(told=None, **settings):
    login = {name: os.environ[f"SLUICE_{name.upper()}"] for name in ["port", "user", "password"]}
    conn = psycopg.connect(
        host="localhost", dbname="shop", sslmode="verify-full", sslrootcert=os.environ["SLUICE_AUTHORITY"], **login, **settings
    )

    def on_notice(diag):
        say(notice={"message": diag.message_primary, "detail": diag.message_detail, "hint": diag.message_hint})
        if told is not None:
            told.set()

    conn.add_notice_handler(on_notice)
    return conn


def error_of(error):
    return {"sqlState": error.sqlstate, "message": error.diag.message_primary, "detail": error.diag.message_detail}


def attempt(work):
    """The error that it fails with, or what it returns."""
    try:
        return work()
    except psycopg.Error as error:
        return error_of(error)


def alive(conn):
    return conn.execute("select 'alive'").fetchone()[0]


def approved():
    with connect(autocommit=True) as conn:
        count = conn.execute("update agreed set word = 'psycopg' where id = %s", [1]).rowcount
        row = conn.execute("insert into agreed (word) values (%s) returning word", ["psycopg returning"]).fetchone()
        status = conn.info.transaction_status.name
        return [count, row, status]


def denied():
    with connect(autocommit=True) as conn:
        return [attempt(lambda: conn.execute("update refused set word = 'psycopg' where id = 1")), alive(conn)]


def denied_in_transaction():
    with connect() as conn:
        conn.execute("select 1")
        refused = attempt(lambda: conn.execute("update refused set word = 'psycopg' where id = %s", [2]))
        status = conn.info.transaction_status.name
        failed = attempt(lambda: conn.execute("select 1"))
        conn.rollback()
        return [refused, status, failed, alive(conn)]


def denied_to_a_savepoint():
    with connect() as conn:
        conn.execute("update agreed set word = 'psycopg before' where id = 3")
        try:
            with conn.transaction():
                conn.execute("update refused set word = 'psycopg' where id = 3")
        except psycopg.Error as error:
            refused = error_of(error)
        conn.commit()
        return [refused, alive(conn)]


def two_and_commit():
    with connect() as conn:
        conn.execute("update agreed set word = 'psycopg one' where id = 4")
        conn.execute("update agreed set word = 'psycopg two' where id = 5")
        conn.commit()
        return conn.execute("select word from agreed where id in (4, 5) order by id").fetchall()


def expired():
    with connect(autocommit=True) as conn:
        return [attempt(lambda: conn.execute("update brief set word = 'psycopg' where id = 1")), alive(conn)]


def cancelled(how, **settings):
    told = threading.Event()
    with connect(told, **settings) as conn:
        seen = []
        text = "update silent set word = 'psycopg cancel' where id = 1"
        thread = threading.Thread(target=lambda: seen.append(attempt(lambda: conn.execute(text))), daemon=True)
        thread.start()
        if not told.wait(DEADLINE_SECONDS):
            return "was not told"
        how(conn)
        thread.join(DEADLINE_SECONDS)
        conn.rollback()
        return [*seen, alive(conn)]


def cancel():
    return {
        "safe": cancelled(lambda conn: conn.cancel_safe(), autocommit=True),
        "in a transaction": cancelled(lambda conn: conn.cancel_safe()),
        "plain": cancelled(lambda conn: conn.cancel(), autocommit=True),
    }


def own_error():
    with connect(autocommit=True) as conn:
        text = "insert into agreed (id, word) values (%s, 'psycopg twice')"
        return [attempt(lambda: conn.execute(text, [1])), alive(conn)]


def binary():
    with connect(autocommit=True) as conn:
        text = "update agreed set word = %b, amount = %b, doc = %b, bytes = %b where id = %b and amount is null"
        row = ["wörd", 7, Jsonb({"psycopg": [1, None]}), b"\x00\xff", 6]
        return conn.execute(text, row).rowcount


def described():
    """As drivers do that declare no types and send binary: they ask the server for the types."""
    with connect(autocommit=True) as conn:
        pgconn = conn.pgconn
        pgconn.prepare(b"described", b"update agreed set word = 'psycopg described', amount = $2 where id = $1")
        pgconn.describe_prepared(b"described")
        result = pgconn.exec_prepared(b"described", [(13).to_bytes(4, "big"), b"7"], [1, 0])
        return result.command_tuples


def prepared():
    with connect(autocommit=True) as conn:
        text = "update agreed set word = 'psycopg prepared', amount = %s where id = %s"
        return [conn.execute(text, [n, 7], prepare=True).rowcount for n in range(7)]


def many():
    with connect(autocommit=True) as conn:
        cursor = conn.cursor()
        cursor.executemany("insert into agreed (word) values (%s) returning word", [["many a"], ["many b"], ["many c"]], returning=True)
        rows = []
        while True:
            rows.append(cursor.fetchone())
            if not cursor.nextset():
                return rows


def pipeline():
    with connect(autocommit=True) as conn:
        with conn.pipeline():
            before = conn.execute("select 'before'")
            first = conn.execute("update agreed set word = 'psycopg pipeline' where id = %s", [8])
            between = conn.execute("select 'between'")
            second = conn.execute("update agreed set word = 'psycopg pipeline' where id in (%s, %s)", [9, 10])
        return [before.fetchone()[0], first.rowcount, between.fetchone()[0], second.rowcount]


def denied_in_pipeline():
    with connect(autocommit=True) as conn:
        def both():
            with conn.pipeline():
                conn.execute("update agreed set word = 'psycopg never' where id = %s", [11])
                conn.execute("update refused set word = 'psycopg never' where id = %s", [11])
        return [attempt(both), alive(conn)]


def large():
    with connect(autocommit=True) as conn:
        texts = [f"update agreed set word = '{'x' * size}' where id = 12" for size in [60_000, 200_000, 2 * 1024 * 1024]]
        refused = [attempt(lambda: conn.execute(text).rowcount) for text in texts]
        parameter = attempt(lambda: conn.execute("update agreed set word = %s where id = 12", ["x" * 2 * 1024 * 1024]).rowcount)
        return [*refused, parameter, alive(conn)]


def ten_thousand_rows():
    with connect() as conn:
        text = "insert into agreed (word) select 'psycopg row ' || n from generate_series(1, 10000) n"
        count = conn.execute(text).rowcount
        conn.rollback()
        return [count, conn.execute("select count(*) from agreed where word like 'psycopg row %'").fetchone()[0]]


TASKS = [
    approved, denied, denied_in_transaction, denied_to_a_savepoint, two_and_commit, expired, cancel, own_error, binary, described, prepared,
    many, pipeline, denied_in_pipeline, large, ten_thousand_rows,
]

for task in TASKS:
    try:
        outcome = {"result": task()}
    except Exception as error:  # A task that breaks must not hide the others.
        outcome = {"broken": f"{type(error).__name__}: {error}"}
    say(task=task.__name__, **outcome)
