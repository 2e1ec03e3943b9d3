"""The Byzantine engine: PBFT's three phases, Tendermint's rules between them (arXiv 1807.04938, Algorithm 1).

`engine.Engine` is the one entry. Rule numbers R1–R12 and H1–H8 are those of docs/ordering.md.
"""
