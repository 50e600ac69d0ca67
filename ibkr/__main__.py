"""`python -m ibkr` is the `ibkr` command."""

from ibkr.cli import main

main()
