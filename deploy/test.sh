#!/usr/bin/env bash
# Installs what the tests need, starts the servers among it (servers.sh), and passes the tests: README's second
# command.
#
#   bash deploy/test.sh            everything
#   bash deploy/test.sh rust       the Rust suites only (they, too, need Python's oracles)
#   bash deploy/test.sh faults     the fault tests, one at a time, with their table
#   bash deploy/test.sh outside    outside clients against the real binary
#   bash deploy/test.sh browser    GraphiQL in a real Chromium
#   bash deploy/test.sh files      the files that deploy the service
#
# Needs: Rust (rust-toolchain.toml says which), Python 3.11 or newer, and on Debian the right to install
# Chromium, PostgreSQL and MariaDB when they are missing. What Python needs goes into a virtual environment beside the build.
set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-all}
target=${CARGO_TARGET_DIR:-target}
passed=0 failed=0

say() { printf '\n== %s\n' "$*"; }
part() { # part NAME COMMAND…: runs it, counts it
    say "$1"
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1" >&2; fi
}

# python_with FOLDER REQUIREMENTS PACKAGE…: a virtual environment with them, made anew when the requirements change.
# A PACKAGE comes without what it asks for.
python_with() {
    local home=$target/$1 requirements=$2 stamp
    stamp=$home/$(sha256sum "$requirements" | cut -c1-16)
    if [ ! -e "$stamp" ]; then
        rm -rf "$home"
        python3 -m venv "$home"
        "$home/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"
        [ $# -lt 3 ] || "$home/bin/pip" install --quiet --disable-pip-version-check --no-deps "${@:3}"
        touch "$stamp"
    fi
}

oracles() {
    python_with oracles deploy/oracle/requirements.txt
    DATAVIEWER_PYTHON=$(cd "$target/oracles/bin" && pwd)/python
    # The newest DuckDB is the oracle; its HTTP client is there for an older one.
    python_with duckdb deploy/oracle/duckdb.txt
    DATAVIEWER_DUCKDB_PYTHON=$(cd "$target/duckdb/bin" && pwd)/python
    export DATAVIEWER_PYTHON DATAVIEWER_DUCKDB_PYTHON
}

chromium() {
    type -P chromium >/dev/null && return
    echo "installing chromium"
    local sudo=''
    [ "$(id -u)" = 0 ] || sudo=sudo
    { $sudo apt-get update -qq && $sudo apt-get install -y -qq --no-install-recommends chromium; } >"$target/chromium.log" 2>&1 ||
        { tail -5 "$target/chromium.log"; echo "install Chromium so that \`chromium\` is found, then run this again" >&2; return 1; }
}

real_data() {
    if [ -z "${DATAVIEWER_REAL_DATA:-}" ] && [ -d ../shared/data ]; then
        DATAVIEWER_REAL_DATA=$(cd ../shared/data && pwd)
    fi
    if [ -n "${DATAVIEWER_REAL_DATA:-}" ]; then export DATAVIEWER_REAL_DATA
    else echo "DATAVIEWER_REAL_DATA is unset: the tests on real logs are skipped"; fi
}

files() {
    # docker-compose for the schema that it carries alone: what it needs to run is as old as itself.
    python_with checks deploy/checks/requirements.txt docker-compose==1.29.2
    "$target/checks/bin/python" -m pytest -q -p no:cacheprovider deploy/checks
}

# The binary that is shipped knows none of the variables that make a test's process die or freeze.
without_faults() { ! grep -qE 'DATAVIEWER_(CRASH|STOP|PANIC)_AT' "$DATAVIEWER_BINARY"; }

browser() { chromium && "$DATAVIEWER_PYTHON" deploy/browser/graphiql.py; }

# The fault tests keep both cores busy: they have a part of their own, one at a time.
mapfile -t skipped < <(sed -n 's/^mod \(.*\);/--skip\nfaults::\1/p' tests/it/faults/mod.rs)

mkdir -p "$target"
real_data
say "oracles (Python)"
oracles

. deploy/servers.sh
say "servers"
start_servers

case $what in all | rust) part "Rust: unit and integration tests" cargo test --locked --workspace --no-fail-fast -- "${skipped[@]}" ;; esac
case $what in all | faults) part "faults" bash deploy/faults.sh ;; esac
case $what in all | outside | browser) part "the binary" cargo build --locked ;; esac
export DATAVIEWER_BINARY=$target/debug/dataviewer
case $what in all | outside) part "no fault can be asked of the binary" without_faults ;; esac
case $what in all | outside) part "outside clients" "$DATAVIEWER_PYTHON" -m pytest -q -p no:cacheprovider deploy/outside ;; esac
case $what in all | browser) part "GraphiQL in Chromium" browser ;; esac
case $what in all | files) part "deployment files" files ;; esac

echo
echo "parts: $passed passed, $failed failed"
[ "$failed" = 0 ]
