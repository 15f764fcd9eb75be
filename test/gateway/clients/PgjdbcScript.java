// What scripts that drive pgjdbc are made of: how they connect, and the lines of JSON in which they say what they saw.

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.*;
import java.util.*;

class PgjdbcScript {
  static final int DEADLINE_SECONDS = 20;
  static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  interface Work<T> { T on(Connection connection) throws Exception; }

  /** SLUICE or DIRECT: where to connect. */
  static String target = "SLUICE";

  static String env(String name) { return System.getenv(target + "_" + name); }

  static Connection connect(String... settings) throws SQLException {
    Properties properties = new Properties();
    properties.putAll(Map.of("user", env("USER"), "password", env("PASSWORD"), "sslmode", "verify-full",
      "sslrootcert", env("AUTHORITY"), "loginTimeout", "20"));
    String database = "shop";
    for (int i = 0; i < settings.length; i += 2) {
      if (settings[i].equals("database")) database = settings[i + 1];
      else properties.put(settings[i], settings[i + 1]);
    }
    return DriverManager.getConnection("jdbc:postgresql://localhost:" + env("PORT") + "/" + database, properties);
  }

  static <T> T with(Work<T> work, String... settings) throws Exception {
    try (Connection connection = connect(settings)) { return work.on(connection); }
  }

  static String json(Object value) {
    if (value == null || value instanceof Number || value instanceof Boolean) return String.valueOf(value);
    StringJoiner parts = new StringJoiner(",");
    if (value instanceof Map) {
      ((Map<?, ?>) value).forEach((name, part) -> parts.add(json(name) + ":" + json(part)));
      return "{" + parts + "}";
    }
    if (value instanceof List) {
      ((List<?>) value).forEach((part) -> parts.add(json(part)));
      return "[" + parts + "]";
    }
    StringBuilder text = new StringBuilder("\"");
    for (char c : value.toString().toCharArray()) {
      if (c == '"' || c == '\\') text.append('\\').append(c);
      else if (c < ' ') text.append(String.format("\\u%04x", (int) c));
      else text.append(c);
    }
    return text.append('"').toString();
  }
}
