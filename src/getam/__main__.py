"""``python -m getam`` does what the command ``getam`` does."""

import sys

from getam.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
