"""The HTTP control plane: how a test in any language and process moves the world.

`models` is the vocabulary, `api` the FastAPI application, `server` serves it in a running
loop, `client` is the typed client. Importing this package imports none of them.
"""
