"""The SQL server: every table and view by name, for beeline, JDBC, ODBC and PyHive. Read only."""
