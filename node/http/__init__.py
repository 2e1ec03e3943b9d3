"""The rooms of the HTTP side: the server with its guards, the refusals, the routes, the metrics.

`node.actors.rpc` opens them; nothing here decides anything about the ledger.
"""
