"""`ibkr contract`: run the contract suite, and show what it found on one page.

Data first: `results` is the schema of the JSON file, `recording` makes it from the suite's
events, `suite` runs the suite, `page` renders it; `command` joins them.
"""

from ibkr.contract.results import Results, merged

__all__ = ["Results", "merged"]
