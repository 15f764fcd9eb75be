// Drives pgjdbc with commands that wait for an approval. Prints a line of JSON for each notice at the moment that the
// driver has it, so that the reviewer who reads them decides no earlier, and one for what each task came to.

import java.sql.*;
import java.util.*;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

public class PgjdbcHeld extends PgjdbcScript {
  /** Between two looks for a notice: a thread can't be told of one. */
  static final int LOOK_AGAIN_MS = 3;

  static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) map.put((String) pairs[i], pairs[i + 1]);
    return map;
  }

  /** Runs it, and says meanwhile what the statement is told. */
  static <T> T told(Statement statement, CountDownLatch first, Callable<T> work) throws Exception {
    statement.clearWarnings();
    Thread thread = new Thread(() -> {
      Set<SQLWarning> said = Collections.newSetFromMap(new IdentityHashMap<>());
      try {
        for (; !Thread.interrupted(); Thread.sleep(LOOK_AGAIN_MS)) {
          for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
            if (!said.add(warning)) continue;
            ServerErrorMessage notice = ((PSQLWarning) warning).getServerErrorMessage();
            say(map("notice", map("message", notice.getMessage(), "detail", notice.getDetail(), "hint", notice.getHint())));
            first.countDown();
          }
        }
      } catch (InterruptedException done) {
        // It has its answer.
      } catch (SQLException closed) {
        throw new RuntimeException(closed);
      }
    });
    thread.start();
    try { return work.call(); } finally { thread.interrupt(); thread.join(); }
  }

  static <T> T told(Statement statement, Callable<T> work) throws Exception {
    return told(statement, new CountDownLatch(1), work);
  }

  static Object update(Connection connection, String sql) throws Exception {
    try (Statement statement = connection.createStatement()) { return told(statement, () -> statement.executeUpdate(sql)); }
  }

  static Object attempt(Callable<?> work) throws Exception {
    try { return work.call(); } catch (SQLException error) {
      SQLException cause = error.getNextException() instanceof PSQLException ? error.getNextException() : error;
      ServerErrorMessage server = cause instanceof PSQLException ? ((PSQLException) cause).getServerErrorMessage() : null;
      return map("sqlState", cause.getSQLState(), "message", server == null ? cause.getMessage() : server.getMessage(),
        "detail", server == null ? null : server.getDetail());
    }
  }

  static List<Object> column(ResultSet results) throws SQLException {
    List<Object> values = new ArrayList<>();
    while (results.next()) values.add(results.getString(1));
    return values;
  }

  static Object alive(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet results = statement.executeQuery("select 'alive'")) {
      return column(results).get(0);
    }
  }

  static List<Object> ints(int[] counts) {
    List<Object> list = new ArrayList<>();
    for (int count : counts) list.add(count);
    return list;
  }

  static Object approved(String... settings) throws Exception {
    return with(connection -> {
      List<Object> seen = new ArrayList<>();
      seen.add(update(connection, "update agreed set word = 'pgjdbc' where id = 41"));
      try (PreparedStatement statement = connection.prepareStatement("insert into agreed (word) values (?)", new String[] {"word"})) {
        statement.setString(1, "pgjdbc key");
        seen.add(told(statement, statement::executeUpdate));
        seen.add(column(statement.getGeneratedKeys()));
      }
      try (PreparedStatement statement = connection.prepareStatement("update agreed set word = ? where id = ? returning word")) {
        statement.setString(1, "pgjdbc returning");
        statement.setInt(2, 42);
        seen.add(column(told(statement, statement::executeQuery)));
      }
      return seen;
    }, settings);
  }

  static Object denied(String... settings) throws Exception {
    return with(connection -> {
      Object refused = attempt(() -> update(connection, "update refused set word = 'pgjdbc' where id = 41"));
      return List.of(refused, alive(connection));
    }, settings);
  }

  static Object deniedInTransaction() throws Exception {
    return with(connection -> {
      connection.setAutoCommit(false);
      update(connection, "update agreed set word = 'pgjdbc before' where id = 43");
      Savepoint savepoint = connection.setSavepoint();
      Object refused = attempt(() -> update(connection, "update refused set word = 'pgjdbc' where id = 43"));
      Object failed = attempt(() -> alive(connection));
      connection.rollback(savepoint);
      connection.commit();
      Object first = attempt(() -> update(connection, "update refused set word = 'pgjdbc' where id = 44"));
      connection.rollback();
      return List.of(refused, failed, first, alive(connection));
    });
  }

  static Object twoAndCommit() throws Exception {
    return with(connection -> {
      connection.setAutoCommit(false);
      update(connection, "update agreed set word = 'pgjdbc one' where id = 45");
      update(connection, "update agreed set word = 'pgjdbc two' where id = 46");
      connection.commit();
      return alive(connection);
    });
  }

  static Object expired() throws Exception {
    return with(connection -> List.of(
      attempt(() -> update(connection, "update brief set word = 'pgjdbc' where id = 41")), alive(connection)));
  }

  static Object cancelled(boolean autoCommit, boolean byTimeout) throws Exception {
    return with(connection -> {
      connection.setAutoCommit(autoCommit);
      Object seen;
      try (Statement statement = connection.createStatement()) {
        CountDownLatch first = new CountDownLatch(1);
        Thread canceller = new Thread(() -> {
          try {
            if (first.await(DEADLINE_SECONDS, TimeUnit.SECONDS)) statement.cancel();
          } catch (Exception error) { throw new RuntimeException(error); }
        });
        if (byTimeout) statement.setQueryTimeout(1);
        else canceller.start();
        String how = byTimeout ? "timeout" : "cancel";
        seen = attempt(() -> told(statement, first, () ->
          statement.executeUpdate("update silent set word = 'pgjdbc " + how + "' where id = 41")));
        if (!byTimeout) canceller.join();
      }
      if (!autoCommit) connection.rollback();
      return List.of(seen, alive(connection));
    });
  }

  static Object ownError() throws Exception {
    return with(connection -> List.of(
      attempt(() -> update(connection, "insert into agreed (id, word) values (1, 'pgjdbc twice')")), alive(connection)));
  }

  /** Named from the fifth execution on, with binary values. */
  static Object prepared() throws Exception {
    return with(connection -> {
      List<Object> counts = new ArrayList<>();
      String sql = "update agreed set word = ?, amount = ?, doc = null where id = ? and ? and ?::date > '2000-01-01'";
      try (PreparedStatement statement = connection.prepareStatement(sql)) {
        for (int round = 0; round < 7; round++) {
          statement.setString(1, "pgjdbc prepared");
          statement.setLong(2, round);
          statement.setInt(3, 47);
          statement.setBoolean(4, true);
          statement.setObject(5, java.time.LocalDate.of(2024, 2, 29));
          counts.add(told(statement, statement::executeUpdate));
        }
      }
      return counts;
    });
  }

  static Object batch(boolean autoCommit, boolean keys, String... settings) throws Exception {
    return with(connection -> {
      connection.setAutoCommit(autoCommit);
      List<Object> seen = new ArrayList<>();
      String sql = "insert into agreed (word) values (?)";
      try (PreparedStatement statement = keys ? connection.prepareStatement(sql, new String[] {"word"}) : connection.prepareStatement(sql)) {
        for (String word : List.of("a", "b", "c")) {
          statement.setString(1, "pgjdbc batch " + word);
          statement.addBatch();
        }
        seen.add(ints(told(statement, statement::executeBatch)));
        if (keys) seen.add(column(statement.getGeneratedKeys()));
      }
      if (!autoCommit) connection.commit();
      return seen;
    }, settings);
  }

  static Object deniedInBatch() throws Exception {
    return with(connection -> {
      Object refused;
      try (Statement statement = connection.createStatement()) {
        statement.addBatch("update agreed set word = 'pgjdbc never' where id = 48");
        statement.addBatch("update refused set word = 'pgjdbc never' where id = 48");
        statement.addBatch("update agreed set word = 'pgjdbc never' where id = 49");
        refused = attempt(() -> told(statement, statement::executeBatch));
      }
      return List.of(refused, alive(connection));
    });
  }

  static Object large() throws Exception {
    return with(connection -> {
      List<Object> seen = new ArrayList<>();
      seen.add(attempt(() -> update(connection, "update agreed set word = '" + "x".repeat(2 * 1024 * 1024) + "' where id = 50")));
      String list = String.join(", ", Collections.nCopies(20_000, "50"));
      seen.add(attempt(() -> update(connection, "update agreed set word = 'long' where id in (" + list + ")")));
      seen.add(alive(connection));
      return seen;
    });
  }

  static synchronized void say(Map<String, Object> line) { OUT.println(json(line)); }

  static void task(String name, Callable<?> work) {
    // A task that breaks must not hide the others.
    try { say(map("task", name, "result", work.call())); } catch (Exception error) {
      say(map("task", name, "broken", error.toString()));
    }
  }

  public static void main(String[] arguments) {
    task("approved", () -> approved());
    task("approved, simple protocol", () -> approved("preferQueryMode", "simple"));
    task("approved, prepared at once", () -> approved("prepareThreshold", "1"));
    task("denied", () -> denied());
    task("denied, simple protocol", () -> denied("preferQueryMode", "simple"));
    task("denied in a transaction", () -> deniedInTransaction());
    task("two and commit", () -> twoAndCommit());
    task("expired", () -> expired());
    task("cancelled", () -> cancelled(true, false));
    task("cancelled in a transaction", () -> cancelled(false, false));
    task("timed out", () -> cancelled(true, true));
    task("own error", () -> ownError());
    task("prepared", () -> prepared());
    task("batch", () -> batch(true, false));
    task("batch in a transaction", () -> batch(false, false));
    task("batch with keys", () -> batch(true, true));
    task("batch as one", () -> batch(true, false, "reWriteBatchedInserts", "true"));
    task("denied in a batch", () -> deniedInBatch());
    task("large", () -> large());
  }
}
