"""The bank SIMULATOR of a devnet: a process with a key and an account book of its own that moves simulated money.

It stands for an outside party. It reads payment instructions from the chain like anybody else, books payments, signs
statements and submits them. It can be told to pay short, to return, to delay, to repeat itself and to lie, so that what
the chain does about such a bank can be seen. No real bank works like this."""
