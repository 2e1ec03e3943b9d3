"""The wallet: keys of people, what they sign in plain words, and a client that believes proofs and no node.

It knows the ledger's records and nothing of how nodes work. `session` is its Python interface, `cli` the commands.
"""
