#!/usr/bin/env bash
# Resolves pyproject.toml into requirements.lock, for every supported Python and platform at once: versions and hashes, and
# no address of any registry. Pins that still fit stay as they are; `UPGRADE=1 make lock` takes the newest that fit.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly resolver=build/resolver
readonly uv_version=0.13.8

say() { printf 'lock    %s\n' "$*"; }

# Only locking needs a resolver, so it is kept beside .venv and not among what everybody installs.
if ! "$resolver/bin/uv" --version 2>/dev/null | grep -q " $uv_version"; then
    say "fetching uv $uv_version"
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --upgrade --target "$resolver" "uv==$uv_version"
fi

say "resolving pyproject.toml"
UV_CUSTOM_COMPILE_COMMAND="make lock" "$resolver/bin/uv" pip compile pyproject.toml \
    --quiet --no-config --extra a2a --extra demo --extra mcp --extra models --extra postgres --group dev --universal --python-version 3.11 --generate-hashes \
    ${UPGRADE:+--upgrade} --output-file requirements.lock

if grep -nE '://|^-' requirements.lock; then
    say "requirements.lock holds addresses or options, which must not be committed" >&2
    exit 1
fi
say "requirements.lock names $(grep -c '==' requirements.lock) packages"
