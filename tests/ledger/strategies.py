"""Values of the profile for hypothesis, with the integers at which a head grows."""

from hypothesis import strategies as st

from ledger.codec import INTEGER_MAX

EDGES = [sign * edge + step for edge in (0, 24, 2**8, 2**16, 2**32) for step in (-1, 0) for sign in (1, -1)]

integers = st.integers(-INTEGER_MAX, INTEGER_MAX) | st.sampled_from(EDGES)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.integers(20, 300).map("字".__mul__)
blobs = st.binary(max_size=40) | st.sampled_from([23, 24, 255, 256]).map(bytes)
scalars = st.none() | st.booleans() | integers | texts | blobs


def nested(scalar: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.recursive(scalar, lambda inner: st.lists(inner, max_size=30).map(tuple), max_leaves=40)


values = nested(scalars)
