"""A small dbt project against the warehouse: PORT PASSWORD FOLDER. Prints JSON: what each command found."""

import contextlib
import json
import os
import sys
from pathlib import Path

port, password, where = sys.argv[1:]
os.environ |= {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
folder = Path(where)
table = "distributed_by=['id'], properties={'replication_num': '1'}"
FILES = {
    "dbt_project.yml": "{name: shop, version: '1.0', profile: shop, flags: {send_anonymous_usage_stats: false}}\n",
    "profiles.yml": "shop: {target: dev, outputs: {dev: {type: doris, host: 127.0.0.1, username: root, "
    f"port: {port}, password: '{password}', schema: dbt_shop, threads: 1}}}}}}\n",
    "seeds/fruit.csv": "id,name,price\n1,apple,1.5\n2,pear,2.25\n3,plum,\n",
    "models/cheap.sql": "{{ config(materialized='view') }} select id, name from {{ ref('fruit') }} where price < 2",
    "models/totals.sql": "{{ config(materialized='table', duplicate_key=['id'], " + table + ") }}\n"
    "select id, sum(price) as total from {{ ref('fruit') }} group by id",
    "models/grown.sql": "{{ config(materialized='incremental', unique_key=['id'], " + table + ") }}\n"
    "select id, name from {{ ref('fruit') }}\n"
    "{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}",
    "models/schema.yml": """
models:
  - name: cheap
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - {name: name, data_tests: [{accepted_values: {arguments: {values: [apple, pear]}}}]}
  - name: totals
    columns:
      - {name: id, data_tests: [unique, not_null, {relationships: {arguments: {to: ref('fruit'), field: id}}}]}
      - {name: total}
""",
}
for name, content in FILES.items():
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)

from dbt.cli.main import dbtRunner  # noqa: E402 - reads the environment when imported

found = {}
options = ["--project-dir", where, "--profiles-dir", where, "--no-version-check", "--quiet"]
with contextlib.redirect_stdout(sys.stderr):
    for label, command in {
        "debug": "debug", "seed": "seed", "run": "run", "run again": "run", "test": "test", "docs": "docs generate",
    }.items():  # fmt: skip
        done = dbtRunner().invoke([*command.split(), *options])
        if done.exception is not None:
            raise done.exception
        nodes = getattr(done.result, "results", None) if label != "docs" else None
        found[label] = {node.node.name: str(node.status) for node in nodes} if nodes else done.success
print(json.dumps(found))
