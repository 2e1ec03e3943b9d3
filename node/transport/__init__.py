"""The node's links to its peers; `interface` says what the rest of the node may rely on.

Nothing is imported here: `interface`, `config` and `statistics` are cheap, while libp2p takes over a second, and only
`libp2p_transport` and `identity`, with what stands behind them, need it.
"""
