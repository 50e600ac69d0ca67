"""The production IBKR client: the only package an application imports."""
