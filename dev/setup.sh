#!/usr/bin/env bash
# Installs Interlock and everything that works on it into .venv, exactly as requirements.lock says.
# Plain pip: no wheel whose hash the lock does not know, nothing compiled on the way, nothing outside this checkout touched.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly candidates=${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}
readonly venv=.venv

say() { printf 'setup   %s\n' "$*"; }

give_up() {
    printf 'setup   %s\n' "$@" >&2
    exit 1
}

first_suitable_python() {
    for name in $candidates; do
        # Beyond 3.14 the expression runtime has no wheels, and pip would say so far less clearly.
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    return 1
}

python=$(first_suitable_python) || give_up \
    "needs Python 3.11, 3.12, 3.13 or 3.14, and found none as: $candidates" \
    "Install one, or name it: make setup PYTHON=/path/to/python3"

"$python" -c 'import venv, ensurepip' 2>/dev/null || give_up \
    "$("$python" --version) cannot make virtual environments: its venv or ensurepip module is missing." \
    "On Debian and Ubuntu: apt-get install python3-venv. Or name another: make setup PYTHON=/path/to/python3"

# A half-made environment, or one whose interpreter has gone, is made again; a sound one is only brought up to date.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
fi

say "installing $(grep -c '==' requirements.lock) locked packages (about 110 MB to fetch the first time)"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --no-input)
"${pip[@]}" install --quiet --require-hashes --only-binary :all: --requirement requirements.lock
# The build backend is one of the locked packages, so installing Interlock itself fetches nothing.
"${pip[@]}" install --quiet --no-deps --no-build-isolation --editable .
say "ready in ${SECONDS} s"
