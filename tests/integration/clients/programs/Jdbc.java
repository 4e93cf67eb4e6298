// MySQL Connector/J against the warehouse: java -cp JAR Jdbc.java PORT PASSWORD. Prints "name: value" lines.

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

public class Jdbc {
    interface Step {
        Object run() throws Exception;
    }

    static String port;
    static String password;

    static void step(String name, Step work) {
        try {
            System.out.println(name + ": " + work.run());
        } catch (Exception error) {
            System.out.println(name + ": FAILED " + error.getMessage());
        }
    }

    static Connection connect(String options) throws SQLException {
        String url = "jdbc:mysql://127.0.0.1:" + port + "/shop?sslMode=PREFERRED&" + options;
        return DriverManager.getConnection(url, "root", password);
    }

    /** The named columns of all rows: {a|b, c|d}. */
    static String rows(ResultSet found, String... columns) throws SQLException {
        List<String> lines = new ArrayList<>();
        while (found.next()) {
            List<String> values = new ArrayList<>();
            for (String column : columns) {
                values.add(String.valueOf(found.getString(column)));
            }
            lines.add(String.join("|", values));
        }
        found.close();
        return lines.toString();
    }

    static String ask(Connection connection, String sql, String... columns) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            return rows(statement.executeQuery(sql), columns);
        }
    }

    public static void main(String[] arguments) throws Exception {
        port = arguments[0];
        password = arguments[1];
        try (Connection plain = connect("")) {
            metadata(plain);
            results(plain);
            transactions(plain);
        }
        for (String options : new String[] {"useServerPrepStmts=false", "useServerPrepStmts=true"}) {
            try (Connection connection = connect(options)) {
                prepared(options, connection);
            }
        }
        batches();
        streams();
    }

    static void metadata(Connection connection) throws SQLException {
        DatabaseMetaData about = connection.getMetaData();
        step("product", () -> about.getDatabaseProductName() + " " + about.getDatabaseProductVersion());
        step("catalogs", () -> rows(about.getCatalogs(), "TABLE_CAT"));
        step("schemas", () -> rows(about.getSchemas(), "TABLE_SCHEM"));
        step("table types", () -> rows(about.getTableTypes(), "TABLE_TYPE"));
        step("tables", () -> rows(about.getTables("shop", null, "%", null), "TABLE_CAT", "TABLE_NAME", "TABLE_TYPE"));
        step("views", () -> rows(about.getTables("shop", null, "%", new String[] {"VIEW"}), "TABLE_NAME"));
        step("columns", () -> rows(
            about.getColumns("shop", null, "sales", "%"),
            "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "IS_NULLABLE"));
        step("primary keys", () -> rows(about.getPrimaryKeys("shop", null, "sales"), "COLUMN_NAME"));
        step("indexes", () -> rows(about.getIndexInfo("shop", null, "sales", false, false), "COLUMN_NAME"));
        step("imported keys", () -> rows(about.getImportedKeys("shop", null, "sales"), "FKCOLUMN_NAME"));
        step("exported keys", () -> rows(about.getExportedKeys("shop", null, "sales"), "FKCOLUMN_NAME"));
        step("keys of all databases", () -> rows(about.getExportedKeys(null, null, "sales"), "FKCOLUMN_NAME")
                + rows(about.getImportedKeys("__internal_schema", null, "audit_log"), "FKCOLUMN_NAME")
                + rows(about.getExportedKeys("information_schema", null, "tables"), "FKCOLUMN_NAME"));
        step("procedures", () -> rows(about.getProcedures("shop", null, "%"), "PROCEDURE_NAME"));
        step("functions", () -> rows(about.getFunctions("shop", null, "%"), "FUNCTION_NAME"));
        step("types", () -> rows(about.getTypeInfo(), "TYPE_NAME").contains("BIGINT"));
        step("column privileges", () -> rows(about.getColumnPrivileges("shop", null, "sales", "%"), "COLUMN_NAME"));
        step("table privileges", () -> rows(about.getTablePrivileges("shop", null, "sales"), "TABLE_NAME"));
        step("best row", () -> rows(about.getBestRowIdentifier("shop", null, "sales", 0, true), "COLUMN_NAME"));
        step("version columns", () -> rows(about.getVersionColumns("shop", null, "sales"), "COLUMN_NAME"));
        step("user", about::getUserName);
        step("keywords", () -> about.getSQLKeywords().contains("ACCESSIBLE"));
    }

    static void results(Connection connection) throws SQLException {
        step("valid", () -> connection.isValid(5));
        step("catalog", () -> {
            connection.setCatalog("information_schema");
            String other = connection.getCatalog();
            connection.setCatalog("shop");
            return other + " " + connection.getCatalog();
        });
        step("rows", () -> ask(connection, "SELECT * FROM sales ORDER BY id", "id", "day", "sold", "name", "price", "ok"));
        step("result columns", () -> {
            try (Statement statement = connection.createStatement()) {
                ResultSetMetaData about = statement.executeQuery(
                    "SELECT id, name AS n, price, price * 2, ok, sold FROM sales").getMetaData();
                List<String> found = new ArrayList<>();
                for (int at = 1; at <= about.getColumnCount(); at++) {
                    found.add(about.getColumnLabel(at) + "|" + about.getColumnName(at) + "|" + about.getTableName(at)
                        + "|" + about.getColumnTypeName(at) + "|" + about.getPrecision(at) + "|" + about.getScale(at));
                }
                return found;
            }
        });
        step("error", () -> {
            try {
                ask(connection, "SELECT * FROM nosuch");
                return "none";
            } catch (SQLException error) {
                return error.getErrorCode() + " " + error.getSQLState();
            }
        });
        step("warnings", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SELECT 1");
                return statement.getWarnings();
            }
        });
        step("limit", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.setMaxRows(2);
                return rows(statement.executeQuery("SELECT id FROM sales ORDER BY id"), "id");
            }
        });
        step("limit is gone", () -> ask(connection, "SELECT id FROM sales ORDER BY id", "id"));
        step("timeout", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(20);
                return rows(statement.executeQuery("SELECT 7 AS seven"), "seven");
            }
        });
        step("isolation", connection::getTransactionIsolation);
    }

    static void transactions(Connection connection) {
        step("autocommit off", () -> {
            connection.setAutoCommit(false);
            String found = ask(connection, "SELECT count(*) AS n FROM sales", "n");
            connection.commit();
            connection.rollback();
            connection.setAutoCommit(true);
            return found;
        });
        step("read only", () -> {
            connection.setReadOnly(true);
            connection.setReadOnly(false);
            return connection.isReadOnly();
        });
    }

    static void prepared(String options, Connection connection) {
        step(options + " parameters", () -> {
            String sql = "SELECT id, name FROM sales WHERE id >= ? AND name LIKE ? AND price < ? AND day >= ? ORDER BY id";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setLong(1, 1);
                statement.setString(2, "%p%");
                statement.setBigDecimal(3, new BigDecimal("100.5"));
                statement.setDate(4, java.sql.Date.valueOf("2024-01-01"));
                return rows(statement.executeQuery(), "id", "name");
            }
        });
        step(options + " types", () -> {
            String sql = "SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setInt(1, -7);
                statement.setDouble(2, 0.5);
                statement.setBoolean(3, true);
                statement.setNull(4, java.sql.Types.VARCHAR);
                statement.setString(5, "it's \\ é");
                statement.setTimestamp(6, java.sql.Timestamp.valueOf("2024-02-29 10:11:12"));
                return rows(statement.executeQuery(), "a", "b", "c", "d", "e");
            }
        });
        step(options + " metadata", () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT id, price FROM sales WHERE id = ?")) {
                ResultSetMetaData about = statement.getMetaData();
                return about == null ? null : about.getColumnCount() + " " + statement.getParameterMetaData().getParameterCount();
            }
        });
        step(options + " all types", () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT * FROM sales ORDER BY id")) {
                return rows(statement.executeQuery(), "id", "day", "sold", "name", "price", "weight", "ok");
            }
        });
    }

    static void batches() throws SQLException {
        for (String options : new String[] {
            "rewriteBatchedStatements=false", "rewriteBatchedStatements=true",
            "useServerPrepStmts=true&rewriteBatchedStatements=true"}) {
            try (Connection connection = connect(options); Statement statement = connection.createStatement()) {
                statement.execute("DROP TABLE IF EXISTS jdbc_rows");
                statement.execute("CREATE TABLE jdbc_rows (k INT, v VARCHAR(20)) DUPLICATE KEY (k)"
                    + " DISTRIBUTED BY HASH (k) BUCKETS 1 PROPERTIES ('replication_num' = '1')");
                step("batch " + options, () -> {
                    try (PreparedStatement insert =
                            connection.prepareStatement("INSERT INTO jdbc_rows (k, v) VALUES (?, ?)")) {
                        for (int number = 0; number < 20; number++) {
                            insert.setInt(1, number);
                            insert.setString(2, number % 2 == 0 ? "even" : null);
                            insert.addBatch();
                        }
                        insert.executeBatch();
                    }
                    return ask(connection, "SELECT count(*) AS n, count(v) AS v, sum(k) AS s FROM jdbc_rows", "n", "v", "s");
                });
                statement.execute("DROP TABLE jdbc_rows");
            }
        }
        try (Connection connection = connect("allowMultiQueries=true"); Statement statement = connection.createStatement()) {
            step("multi", () -> {
                List<String> found = new ArrayList<>();
                statement.execute("SELECT 1 AS a; SELECT 2 AS a; SELECT 3 AS a");
                do {
                    found.add(rows(statement.getResultSet(), "a"));
                } while (statement.getMoreResults());
                return found;
            });
        }
    }

    static void streams() throws SQLException {
        String sql = "SELECT number FROM numbers('number' = '20000')";
        for (String options : new String[] {"", "useCursorFetch=true&defaultFetchSize=100", "useCompression=true"}) {
            try (Connection connection = connect(options);
                    Statement statement = connection.createStatement(
                        ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
                step("stream " + options, () -> {
                    if (options.isEmpty()) {
                        statement.setFetchSize(Integer.MIN_VALUE);
                    }
                    long sum = 0;
                    try (ResultSet found = statement.executeQuery(sql)) {
                        while (found.next()) {
                            sum += found.getLong(1);
                        }
                    }
                    return sum;
                });
            }
        }
    }
}
