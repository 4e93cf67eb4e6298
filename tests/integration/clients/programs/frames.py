"""pandas, polars and connectorx against the warehouse: PORT PASSWORD. Prints JSON."""

import datetime as dt
import importlib.util
import json
import sys

import connectorx
import pandas as pd
import polars as pl
import sqlalchemy as sa

port, password = sys.argv[1:]
engine = sa.create_engine(f"mysql+pymysql://root:{password}@127.0.0.1:{port}/shop")
# The Rust driver asks servers on this machine for @@socket, which Doris does not know.
url = f"mysql://root:{password}@127.0.0.1:{port}/shop?prefer_socket=false"
found = {}

read = pd.read_sql("SELECT * FROM sales ORDER BY id", engine)
found["pandas types"] = [str(kind) for kind in read.dtypes]
found["pandas rows"] = [str(value) for value in read.iloc[1]]
found["pandas table"] = len(pd.read_sql_table("sales", engine))
found["pandas chunks"] = [len(part) for part in pd.read_sql("SELECT id FROM sales", engine, chunksize=2)]

frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, None], "d": [dt.datetime(2024, 1, 1), None]})
# Existing tables can be appended to through every dialect; pydoris can also see that a table is missing.
if importlib.util.find_spec("MySQLdb"):
    doris = sa.create_engine(f"pydoris://root:{password}@127.0.0.1:{port}/shop")
    frame.to_sql("frame", doris, index=False, if_exists="replace")
    frame.to_sql("frame", doris, index=False, if_exists="append", method="multi")
    frame.to_sql("frame", engine, index=False, if_exists="append")
    found["pandas written"] = [
        str(row) for row in pd.read_sql("SELECT * FROM frame ORDER BY a, b", engine).values.tolist()
    ]
    pl.DataFrame({"a": [1, 2], "b": ["x", None]}).write_database("polars_frame", doris, if_table_exists="replace")
    found["polars written"] = pl.read_database("SELECT * FROM polars_frame ORDER BY a", engine).rows()
    with doris.connect() as connection:
        for table in ("frame", "polars_frame"):
            connection.execute(sa.text(f"DROP TABLE {table}"))

for protocol in ("binary", "text"):
    arrow = connectorx.read_sql(url, "SELECT * FROM sales ORDER BY id", protocol=protocol, return_type="arrow")
    found[f"connectorx {protocol}"] = [
        [str(field.type) for field in arrow.schema],
        [str(v) for v in arrow.to_pylist()[1].values()],
    ]
    parts = connectorx.read_sql(
        url,
        "SELECT id, name AS n FROM sales",
        protocol=protocol,
        partition_on="id",
        partition_num=2,
        return_type="arrow",
    )
    found[f"connectorx {protocol} parts"] = [parts.column_names, sorted(parts.column("id").to_pylist())]
found["polars"] = [str(row) for row in pl.read_database_uri("SELECT id, name, sold FROM sales ORDER BY id", url).rows()]
found["polars connection"] = pl.read_database("SELECT count(*) AS n FROM sales", engine).rows()
print(json.dumps(found))
