"""Contracts: the language they are written in, the engine that executes them, and the catalogue of those that come with
the chain.

language/  caps < types < checker < compiler, helpers, meter: from a source to code that cannot leave its box
sdk        the names that a contract imports
state_map, authority, context, engine: a block's transactions in, receipts and writes out; no IO
catalogue/ one file a contract, with a story beside it
"""
