"""`python -m nereus`: the command where the package is not installed, as in the platform's image."""

from nereus.cli import main

if __name__ == "__main__":
    main()
