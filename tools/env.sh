#!/bin/sh
# Makes .venv hold exactly what the lock files say, and this project in it; `make env` calls it.
# Does nothing when it has been done for these lock files. The stamp is written last, so that a broken-off run is repeated.
set -eu
cd "$(dirname "$0")/.."

fail() {
    printf '%s\n%s\n' "$1" "$2" >&2
    exit 1
}
packages_missing() {
    fail "缺少 Python 的 venv 或 pip。请先安装：apt install make git python3-venv" \
        "Python's venv or pip is missing. Install first: apt install make git python3-venv"
}
new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

# 3.11 and 3.12 come first: on Linux plyvel has wheels for these two and would want a compiler on any other.
python=""
for candidate in ${PYTHON:-} python3.11 python3.12 python3; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$new_enough" 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "需要 Python 3.11 或更高版本。" "Python 3.11 or later is needed."
"$python" -c 'import ensurepip, venv' 2>/dev/null || packages_missing

wanted=$(cat requirements.lock requirements-build.lock pyproject.toml tools/env.sh | "$python" -c \
    'import hashlib, sys; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
stamp=.venv/installed
here=$(pwd)
# An environment does not survive being moved, so its place is part of the stamp.
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted $here" ]; then
    exit 0
fi

stages=4
say() {
    printf '[%s/%s] %s · %s\n' "$1" "$stages" "$2" "$3"
}
say 1 "准备环境 .venv" "preparing .venv"
rm -f "$stamp"
if ! .venv/bin/python -c "$new_enough" 2>/dev/null || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --clear .venv || packages_missing
fi
# Twice quiet: errors alone. What pip warns of (root, an editable install) is what is wanted here.
install() {
    .venv/bin/python -m pip install --quiet --quiet --no-input --disable-pip-version-check --root-user-action=ignore \
        --no-deps "$@" || fail \
        "安装失败，原因见上。再次运行同一命令即可重试。" "The installation failed for the reason above. The same command tries again."
}
# The builder first, from its own lock: two small packages have only sources, and must be built by a builder we know.
say 2 "安装构建工具" "installing the builder"
install --require-hashes -r requirements-build.lock
libraries=$(grep -c '^[a-z].*==' requirements.lock)
say 3 "安装 $libraries 个依赖库，约需一两分钟" "installing $libraries libraries, a minute or two"
install --require-hashes --no-build-isolation -r requirements.lock
say 4 "安装本项目" "installing this project"
# setuptools warns of every editable install.
PYTHONWARNINGS=ignore install --no-build-isolation --no-index --editable .
echo "$wanted $here" >"$stamp"
