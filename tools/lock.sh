#!/bin/sh
# Writes requirements.lock and requirements-build.lock anew from pyproject.toml; `make lock` calls it.
# Versions stay as they are where pyproject.toml still allows them; LOCK_ARGS=--upgrade takes the newest,
# LOCK_ARGS="--upgrade-package NAME" the newest of one. No index address gets into the files (docs/decisions/0002).
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/env"
"$work/env/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
compile() {
    # shellcheck disable=SC2086  # LOCK_ARGS is a list of words
    "$work/env/bin/uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-emit-find-links --annotation-style line --custom-compile-command "make lock" --quiet ${LOCK_ARGS:-}
}
compile pyproject.toml --group test --group lint --output-file requirements.lock >"$work/out"
compile --group build --output-file requirements-build.lock >"$work/out"
