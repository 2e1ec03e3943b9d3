"""The ground floor: only what two parties must agree on byte for byte.

Modules build on one another in one direction:
language < choices < errors < money < codec < crypto < sm2 < national < merkle < history < validators < transaction
< block < receipt < checkpoint < statement < state < genesis < interface < keys < wording < glossary < summary
< evidence < lexicon < verdict < api.
No module here does IO, reads a clock, draws randomness or computes with floats.
"""
