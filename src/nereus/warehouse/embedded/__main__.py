"""``python -m nereus.warehouse.embedded``: see `server`."""

import sys

from nereus.warehouse.embedded.server import main

if __name__ == "__main__":
    sys.exit(main())
