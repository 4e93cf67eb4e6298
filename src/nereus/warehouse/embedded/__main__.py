"""``python -m nereus.warehouse.embedded``: see `server`."""

import sys

from nereus.warehouse.embedded import without_pandas

if __name__ == "__main__":
    without_pandas.install()
    from nereus.warehouse.embedded.server import main

    sys.exit(main())
