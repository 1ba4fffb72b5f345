#!/usr/bin/env bash
# Installs what a build (`build`) or the tests (`test`) need, or says what is missing and how to get it.
# Usage: Scripts/setup.sh build|test
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'turnout: %s\n' "$*" >&2; exit 1; }

command -v swift >/dev/null || fail "no 'swift' on the PATH. Install a Swift 6.2 toolchain or later from https://www.swift.org/install and run this again."
version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9]+\.[0-9]+' | head -n 1 || true)
[ "$(printf '6.2\n%s\n' "${version:-0}" | sort -V | head -n 1)" = 6.2 ] || fail "Swift ${version:-of unknown version} is too old; 6.2 or later is needed."

[ "$(uname -s)" = Linux ] || exit 0

# package -> the file that proves it is there
missing=()
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
command -v git >/dev/null || missing+=(git)
if [ "$1" = test ]; then
    python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
fi
if [ ${#missing[@]} -gt 0 ]; then
    if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
    elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then
        sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
    else
        fail "missing: ${missing[*]}. Install them (on Debian: sudo apt-get install ${missing[*]}) and run this again."
    fi
fi

# The tests drive the gateway with the official client libraries. Without them those tests are skipped, aloud.
if [ "$1" = test ] && ! cmp -s Tests/requirements.txt .venv/installed.txt; then
    if python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check -r Tests/requirements.txt; then
        cp Tests/requirements.txt .venv/installed.txt
    else
        printf 'turnout: the Python client libraries could not be installed; the tests that need them will be skipped.\n' >&2
    fi
fi
