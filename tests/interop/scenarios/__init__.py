"""Lives of orders as data: what is done to the world, step by step, and what must be seen.

`terms` are the nouns, `play` performs a scenario through any client library, the rest are
the rows, and `page` is the table in the docs that is made of them.
"""
