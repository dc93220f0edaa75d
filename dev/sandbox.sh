#!/usr/bin/env bash
# Installs bubblewrap, the best sandbox that an ordinary machine can have. It is a package of the system, so unlike setup
# this needs root, and is only done when asked for: `make sandbox`.
set -euo pipefail

say() { printf 'sandbox %s\n' "$*"; }

if command -v bwrap >/dev/null; then
    say "$(bwrap --version) is installed"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    say "install bubblewrap with this system's own package manager" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    say "needs root to install it: sudo apt-get install bubblewrap" >&2
    exit 1
fi

say "installing bubblewrap"
export DEBIAN_FRONTEND=noninteractive
install=(apt-get install --quiet --quiet --yes --no-install-recommends bubblewrap)
# On a fresh machine the lists of packages are missing.
"${install[@]}" >/dev/null 2>&1 || { apt-get update --quiet --quiet && "${install[@]}" >/dev/null; }
say "$(bwrap --version) is installed"
