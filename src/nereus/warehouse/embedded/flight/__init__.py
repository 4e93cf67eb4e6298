"""Arrow Flight SQL: large results as Arrow, over the same sessions, privileges, audit log and KILL as the MySQL port.

Clients of Doris' own Flight port (ADBC, JDBC) connect unchanged. What Doris' frontend leaves out of Flight SQL (updates
with a count, parameters, transactions) is left out here too.
"""
