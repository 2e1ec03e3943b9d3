"""Ordering: the engines that decide blocks and certify what executing them came to, as values without IO.

Read in this order: messages (what peers say), events (what goes in and comes out), signing and vote_guard (who may sign
what), pbft/ (the engine), recovery and observer (coming back), misbehaviour, catch_up, verify.
Nothing here reads a clock, does IO or draws randomness; the node and the simulator are two drivers of the same objects.
"""
