"""Where the rules are knowingly not kept, each with its reason.

A key is (path, rule, detail) exactly as a finding prints them. An entry that no finding needs any more fails the
tests, so that this list only ever shrinks by itself or grows on purpose.
"""

from collections.abc import Mapping

EXCEPTIONS: Mapping[tuple[str, str, str], str] = {
    ("node/http/server.py", "blind-except", "Exception"): (
        "A stranger must not stop the node through a bug of the HTTP library; what our routes raise is kept apart."
    ),
    ("contracts/rehearsal.py", "import", "pathlib"): (
        "A rehearsal reads the catalogue's sources from their folder; it serves stories and tests, never a chain."
    ),
    ("contracts/catalogue/voucher.py", "file-length", "contracts.catalogue.voucher"): (
        "It alone writes tranches. What reads single ones lives in trace; a view of an index stays with its map."
    ),
}
