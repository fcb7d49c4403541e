#!/usr/bin/env bash
# What breaks, and what holds all the same: runs the fault tests on real processes and real servers, and prints the
# table of what was tried and what came of it. Times in it are this machine's; the tests assert outcomes only.
#
#   bash deploy/faults.sh          the short form, at most ten minutes on two cores
#   bash deploy/faults.sh long     the counts of the promise: 2,000 jobs, 1,000 clients, 20 crashes … (an hour)
#   bash deploy/faults.sh short C1 C2…   those rows only: the tests whose module or name holds the word after it in
#                                        the list below
#
# With DATAVIEWER_TEST_PROGRAM=/…/target/release/dataviewer the processes are of that build (an absolute path; C2 needs
# the crash places, which only the build of the tests has).
#
# Needs what deploy/test.sh needs. A row that is missing belongs to a test that failed: its output is shown.
set -euo pipefail
cd "$(dirname "$0")/.."

form=${1:-short}
case $form in short | long) shift || true ;; *) echo "usage: bash deploy/faults.sh [short|long] [ROW…]" >&2; exit 2 ;; esac
target=${CARGO_TARGET_DIR:-target}

# row ID: the tests that make it.
tests_of() {
    case $1 in
        C1) echo faults::storm ;;
        C2) echo faults::steps ;;
        C4 | C5) echo faults::times ;;
        C8) echo faults::clients ;;
        S1) echo faults::watchers ;;
        D1) echo faults::disk ;;
        D2) echo faults::mixed ;;
        D3) echo faults::outage ;;
        Q1) echo faults::secrets ;;
        11b) echo faults::lost_answers ;;
        13) echo faults::frozen ;;
        15) echo faults::slow_storage ;;
        19) echo faults::denied ;;
        20) echo faults::clocks ;;
        21) echo faults::cancel ;;
        *) echo "no row is called $1" >&2; return 1 ;;
    esac
}
filters=()
for row in "$@"; do filters+=("$(tests_of "$row")"); done
[ ${#filters[@]} -gt 0 ] || mapfile -t filters < <(sed -n 's/^mod \(.*\);/faults::\1/p' tests/it/faults/mod.rs)

. deploy/servers.sh
start_servers >&2
mkdir -p "$target"
said=$target/faults.log
status=0
# One at a time: each keeps both cores busy, and the times are to mean something. The workspace, because a package
# alone is another build.
DATAVIEWER_FAULTS=$form cargo test --locked --workspace --test it -- --test-threads 1 "${filters[@]}" >"$said" 2>&1 || status=$?

echo "| test | what was done | what came of it |"
echo "| --- | --- | --- |"
grep -o 'FAULTS |.*' "$said" | cut -c8- | sort -V
[ "$status" = 0 ] || { echo; grep -vE '^FAULTS' "$said" | tail -100; echo "FAILED: all of it is in $said" >&2; }
exit "$status"
