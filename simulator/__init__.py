"""A stateful fake IB Gateway; knows nothing of the client in `ibkr`."""
