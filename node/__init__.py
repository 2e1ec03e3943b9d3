"""The node: the only package that does input and output."""
