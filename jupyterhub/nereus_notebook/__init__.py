"""The warehouse from a notebook.

    from nereus_notebook import warehouse

    warehouse.sql("SELECT c_region, SUM(lo_revenue) AS revenue FROM retail.lineorder_flat GROUP BY c_region")

Who connects, and where, stands in the environment that JupyterHub gives (WAREHOUSE_*). Every query runs as the
scientist's own warehouse user, in the workload group of scientists: it cannot take the analysts' processor or memory.
"""

from nereus_notebook import style, warehouse

style.use()

__all__ = ["warehouse"]
