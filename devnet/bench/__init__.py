"""`lugang devnet bench`: how fast a devnet is, measured from outside, with everything that a reader needs to doubt it.

workload    what is asked for: open or closed loop, how long, how many holders
holders     brings the holders onto the chain and splits a voucher among them
signing     signs every transaction before the clock starts, in several processes
load        the generator, a process of its own
sampling    CPU and memory of the nodes while it runs
checking    looks for every accepted transaction on every node afterwards
figures     from what was noted to the figures: a pure function
report      table, plot, CSV files and the one JSON object
"""
