"""The contracts that come with the chain, one file each. Every one enters through a genesis as source text and passes
the same checker as an upload; nothing imports these files as modules."""
