// Drives pgjdbc and prints a line of JSON for each thing that it tried: what has to be the same through Sluice and past
// it, and what only Sluice does: refusals, tickets and tokens.

import java.math.BigDecimal;
import java.sql.*;
import java.util.*;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class PgjdbcSession extends PgjdbcScript {
  static final String LONG =
    "select count(*) as pgjdbc from generate_series(1, 100000) a, generate_series(1, 100000) b";

  static Map<String, Object> errorOf(SQLException error) {
    ServerErrorMessage server = error instanceof PSQLException ? ((PSQLException) error).getServerErrorMessage() : null;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("type", error.getClass().getSimpleName());
    fields.put("sqlState", error.getSQLState());
    fields.put("message", server == null ? error.getMessage() : server.getMessage());
    fields.put("detail", server == null ? null : server.getDetail());
    fields.put("hint", server == null ? null : server.getHint());
    return fields;
  }

  /** The error that it fails with, or what it returns. */
  static Object attempt(Callable<?> work) throws Exception {
    try { return work.call(); } catch (SQLException error) {
      SQLException next = error.getNextException();
      return errorOf(next instanceof PSQLException ? next : error);
    }
  }

  static Object attempt(Connection connection, String sql) throws Exception {
    return attempt(() -> { try (Statement statement = connection.createStatement()) { statement.execute(sql); return "passed"; } });
  }

  static List<List<Object>> rows(ResultSet results) throws SQLException {
    List<List<Object>> rows = new ArrayList<>();
    int columns = results.getMetaData().getColumnCount();
    while (results.next()) {
      List<Object> row = new ArrayList<>();
      for (int column = 1; column <= columns; column++) row.add(plain(results.getObject(column)));
      rows.add(row);
    }
    return rows;
  }

  static Object plain(Object value) throws SQLException {
    if (value instanceof byte[]) {
      StringBuilder hex = new StringBuilder();
      for (byte part : (byte[]) value) hex.append(String.format("%02x", part));
      return hex.toString();
    }
    if (value instanceof java.sql.Array) return plain(((java.sql.Array) value).getArray());
    if (value instanceof Object[]) return Arrays.deepToString((Object[]) value);
    return value == null ? null : value.toString();
  }

  static List<List<Object>> query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet results = statement.executeQuery(sql)) {
      return rows(results);
    }
  }

  static Object alive(Connection connection) throws SQLException { return query(connection, "select 'alive'").get(0); }

  static Object values(String... settings) throws Exception {
    return with(connection -> {
      List<Object> rounds = new ArrayList<>();
      String sql = "select * from kinds where id <= ? order by id";
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        // From the second execution on it is named, and results are binary where the driver can read them so.
        for (int round = 0; round < 3; round++) {
          statement.setInt(1, 2);
          rounds.add(rows(statement.executeQuery()));
        }
      }
      rounds.add(query(connection, "select exact, approx, word, bytes, words, ints, doc, docb, span, day from kinds where id = 3"));
      return rounds;
    }, settings);
  }

  static Object parameters(String... settings) throws Exception {
    return with(connection -> {
      String sql = "select ?::int2, ?, ?::numeric, ?::float8, ?, ?::text, ?::bytea, ?::timestamptz, ?::date, ?::uuid, ?::int[], ?::text";
      List<Object> rounds = new ArrayList<>();
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        for (int round = 0; round < 3; round++) {
          statement.setShort(1, (short) -7);
          statement.setLong(2, Long.MAX_VALUE);
          statement.setBigDecimal(3, new BigDecimal("12345678901234567890.5"));
          statement.setDouble(4, 0.1);
          statement.setBoolean(5, true);
          statement.setString(6, "Ünïcödé ✓ 🎉 \\ '");
          statement.setBytes(7, new byte[] {0, -1});
          statement.setTimestamp(8, Timestamp.valueOf("2024-02-29 01:02:03.456789"));
          statement.setObject(9, java.time.LocalDate.of(2024, 2, 29));
          statement.setObject(10, UUID.fromString("123e4567-e89b-12d3-a456-426614174000"));
          statement.setArray(11, connection.createArrayOf("int4", new Integer[] {1, null, 3}));
          statement.setNull(12, Types.VARCHAR);
          rounds.add(rows(statement.executeQuery()).get(0));
        }
      }
      return rounds;
    }, settings);
  }

  static Object fetched(String... settings) throws Exception {
    return with(connection -> {
      connection.setAutoCommit(false);
      List<Object> seen = new ArrayList<>();
      try (PreparedStatement statement = connection.prepareStatement("select n, 'row ' || n from generate_series(1, ?) n")) {
        statement.setFetchSize(777);
        statement.setInt(1, 10_000);
        int count = 0;
        long sum = 0;
        try (ResultSet results = statement.executeQuery()) {
          while (results.next()) { count++; sum += results.getInt(1); }
        }
        seen.add(List.of(count, sum));
        // Two portals read in turns.
        try (PreparedStatement other = connection.prepareStatement("select id from customers order by id")) {
          other.setFetchSize(10);
          statement.setFetchSize(10);
          ResultSet first = statement.executeQuery();
          ResultSet second = other.executeQuery();
          int same = 0;
          while (second.next() && first.next()) if (first.getInt(1) == second.getInt(1)) same++;
          seen.add(same);
        }
      }
      connection.commit();
      return seen;
    }, settings);
  }

  static Object transactions() throws Exception {
    return with(connection -> {
      List<Object> seen = new ArrayList<>();
      connection.setReadOnly(true);
      connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      connection.setAutoCommit(false);
      seen.add(query(connection, "show transaction_isolation"));
      Savepoint savepoint = connection.setSavepoint("before");
      seen.add(attempt(connection, "select 1/0"));
      seen.add(attempt(connection, "select 1"));
      connection.rollback(savepoint);
      connection.releaseSavepoint(savepoint);
      seen.add(query(connection, "select 'after'"));
      connection.commit();
      connection.setAutoCommit(true);
      seen.add(connection.isValid(5));
      return seen;
    });
  }

  static Object metadata() throws Exception {
    return with(connection -> {
      DatabaseMetaData data = connection.getMetaData();
      Map<String, Object> seen = new LinkedHashMap<>();
      seen.put("tables", rows(data.getTables(null, "public", "%", new String[] {"TABLE"})));
      seen.put("columns", rows(data.getColumns(null, "public", "kinds", "%")));
      seen.put("primary keys", rows(data.getPrimaryKeys(null, "public", "customers")));
      seen.put("indexes", rows(data.getIndexInfo(null, "public", "customers", false, true)));
      seen.put("imported keys", rows(data.getImportedKeys(null, "public", "orders")));
      seen.put("schemas", rows(data.getSchemas()));
      seen.put("catalogs", rows(data.getCatalogs()));
      seen.put("types", rows(data.getTypeInfo()).size());
      seen.put("functions", rows(data.getFunctions(null, "pg_catalog", "lower")));
      seen.put("privileges", rows(data.getTablePrivileges(null, "public", "customers")));
      seen.put("version", data.getDatabaseProductVersion());
      seen.put("schema", connection.getSchema());
      try (PreparedStatement statement = connection.prepareStatement("select id, exact, words from kinds where id = ?")) {
        ResultSetMetaData columns = statement.getMetaData();
        for (int i = 1; i <= 3; i++) {
          seen.put("column " + i, List.of(columns.getColumnName(i), columns.getColumnTypeName(i), columns.isNullable(i)));
        }
        seen.put("parameter", statement.getParameterMetaData().getParameterTypeName(1));
      }
      return seen;
    });
  }

  static Object batch() throws Exception {
    return with(connection -> {
      List<Object> seen = new ArrayList<>();
      try (Statement statement = connection.createStatement()) {
        boolean more = statement.execute("select 1; select 2, 3; select 4 where false");
        for (; more; more = statement.getMoreResults()) seen.add(rows(statement.getResultSet()));
        for (int n = 0; n < 50; n++) statement.addBatch("set application_name = 'batch " + n + "'");
        seen.add(statement.executeBatch().length);
      }
      seen.add(query(connection, "show application_name"));
      return seen;
    });
  }

  static Object errors() throws Exception {
    return with(connection -> {
      List<Object> seen = new ArrayList<>();
      for (String sql : List.of("select nothing", "select * from no_such_table", "select 'x'::int", "select 1/0")) {
        seen.add(attempt(connection, sql));
      }
      return seen;
    });
  }

  static Object refusals(String... settings) throws Exception {
    return with(connection -> {
      List<Object> refused = new ArrayList<>();
      refused.add(attempt(connection, "delete from orders"));
      refused.add(attempt(connection, "select 1; drop table orders"));
      try (PreparedStatement statement = connection.prepareStatement("insert into orders values (?)")) {
        for (int round = 0; round < 2; round++) {
          statement.setInt(1, 1000);
          refused.add(attempt(statement::execute));
        }
      }
      PGConnection own = connection.unwrap(PGConnection.class);
      refused.add(attempt(() -> own.getCopyAPI().copyOut("copy customers to stdout")));
      refused.add(attempt(() -> own.getCopyAPI().copyIn("copy orders from stdin")));
      return Map.of("refused", refused, "alive", alive(connection));
    }, settings);
  }

  static Object refusedInTransaction() throws Exception {
    return with(connection -> {
      connection.setAutoCommit(false);
      query(connection, "select 1");
      Savepoint savepoint = connection.setSavepoint();
      Object first = attempt(connection, "update orders set status = 'gone'");
      Object failed = attempt(connection, "select 1");
      Object second = attempt(connection, "delete from orders");
      connection.rollback(savepoint);
      Object again = query(connection, "select 'again'").get(0);
      connection.commit();
      return Map.of("refused", List.of(first, second), "failed", failed, "again", again, "alive", alive(connection));
    });
  }

  static Object refusedInBatch() throws Exception {
    return with(connection -> {
      List<Object> refused = new ArrayList<>();
      List<Object> counts = new ArrayList<>();
      try (PreparedStatement statement = connection.prepareStatement("insert into orders values (?)")) {
        for (int n = 0; n < 300; n++) { statement.setInt(1, 1000 + n); statement.addBatch(); }
        try { statement.executeBatch(); } catch (BatchUpdateException error) {
          counts.add(error.getUpdateCounts().length);
          refused.add(errorOf(error.getNextException()));
        }
      }
      try (Statement statement = connection.createStatement()) {
        statement.addBatch("set application_name = 'batch'");
        statement.addBatch("delete from orders");
        statement.addBatch("set application_name = 'never'");
        try { statement.executeBatch(); } catch (BatchUpdateException error) { refused.add(errorOf(error.getNextException())); }
      }
      Object name = query(connection, "show application_name").get(0);
      return Map.of("refused", refused, "counts", counts, "name", name, "alive", alive(connection));
    });
  }

  /** Seen past Sluice, as the same role. */
  static void untilRunning() throws Exception {
    String sluice = target;
    target = "DIRECT";
    String sql = "select 1 from pg_stat_activity where state = 'active' and query = '" + LONG + "'";
    with(connection -> {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(DEADLINE_SECONDS);
      while (query(connection, sql).isEmpty() && System.nanoTime() < until) Thread.sleep(20);
      return null;
    });
    target = sluice;
  }

  static Object cancel() throws Exception {
    return with(connection -> {
      List<Object> seen = Collections.synchronizedList(new ArrayList<>());
      CountDownLatch done = new CountDownLatch(1);
      try (Statement statement = connection.createStatement()) {
        Thread thread = new Thread(() -> {
          try { seen.add(attempt(() -> statement.executeQuery(LONG))); } catch (Exception error) { seen.add(error.toString()); }
          done.countDown();
        });
        thread.start();
        untilRunning();
        statement.cancel();
        done.await(DEADLINE_SECONDS, TimeUnit.SECONDS);
      }
      try (Statement statement = connection.createStatement()) {
        statement.setQueryTimeout(1);
        seen.add(attempt(() -> statement.executeQuery(LONG)));
      }
      return List.of(seen, alive(connection));
    });
  }

  static Object login(String... settings) throws Exception {
    return attempt(() -> with(connection -> alive(connection), settings));
  }

  static Object logins() throws Exception {
    String token = System.getenv("TOKEN");
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("channel binding", login("channelBinding", "require"));
    seen.put("no channel binding", login("channelBinding", "disable"));
    seen.put("TLS at once", login("sslNegotiation", "direct"));
    seen.put("token", login("user", "agent", "password", token));
    seen.put("wrong password", login("password", "wrong"));
    seen.put("expired", login("user", System.getenv("EXPIRED_USER"), "password", System.getenv("EXPIRED_PASSWORD")));
    seen.put("unknown database", login("database", "nowhere"));
    seen.put("plaintext", login("sslmode", "disable"));
    seen.put("foreign authority", login("sslrootcert", System.getenv("DIRECT_AUTHORITY")));
    seen.put("replication", login("replication", "database", "assumeMinServerVersion", "9.4"));
    seen.put("cut-off token", login("user", "agent", "password", token.substring(0, token.length() - 40)));
    return seen;
  }

  static final Map<String, Callable<?>> SAME = new LinkedHashMap<>();
  static final Map<String, Callable<?>> SLUICE = new LinkedHashMap<>();

  static {
    SAME.put("values", () -> values());
    SAME.put("values, prepared at once", () -> values("prepareThreshold", "1"));
    SAME.put("values, binary at once", () -> values("prepareThreshold", "-1"));
    SAME.put("values, simple protocol", () -> values("preferQueryMode", "simple"));
    SAME.put("parameters", () -> parameters("prepareThreshold", "1"));
    SAME.put("parameters, simple protocol", () -> parameters("preferQueryMode", "simple"));
    SAME.put("fetched", () -> fetched());
    SAME.put("fetched, prepared at once", () -> fetched("prepareThreshold", "1"));
    SAME.put("transactions", () -> transactions());
    SAME.put("metadata", () -> metadata());
    SAME.put("batch", () -> batch());
    SAME.put("errors", () -> errors());
    SLUICE.put("refusals", () -> refusals());
    SLUICE.put("refusals, prepared at once", () -> refusals("prepareThreshold", "1"));
    SLUICE.put("refusals, simple protocol", () -> refusals("preferQueryMode", "simple"));
    SLUICE.put("refused in a transaction", () -> refusedInTransaction());
    SLUICE.put("refused in a batch", () -> refusedInBatch());
    SLUICE.put("cancel", () -> cancel());
    SLUICE.put("logins", () -> logins());
  }

  static void run(String part, String where, Map<String, Callable<?>> tasks) {
    target = where;
    for (Map.Entry<String, Callable<?>> task : tasks.entrySet()) {
      Map<String, Object> line = new LinkedHashMap<>(Map.of("part", part, "task", task.getKey()));
      // A task that breaks must not hide the others.
      try { line.put("result", task.getValue().call()); } catch (Exception error) { line.put("broken", error.toString()); }
      OUT.println(json(line));
    }
  }

  public static void main(String[] arguments) {
    run("through", "SLUICE", SAME);
    run("past", "DIRECT", SAME);
    run("own", "SLUICE", SLUICE);
  }
}
