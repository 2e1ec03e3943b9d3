"""The deterministic simulator: many nodes in one process, every fault from one seed, judged by checkers.

`world` is the loop, `replica` one node's driver around the production engine, `network`, `disk` and `traitor` are what
goes wrong, `checkers` what must never happen. `plan` turns a seed into a configuration; the same seed gives the same
schedule on every machine. Nothing here uses trio, which randomises the order of its tasks on purpose.
"""
