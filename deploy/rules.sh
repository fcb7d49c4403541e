#!/usr/bin/env bash
# The directions of dependencies (README, "Map"), proved from the graph Cargo really builds.
set -euo pipefail
cd "$(dirname "$0")/.."

ours='api canlog dataviewer entity migration platform worker'
direct() { cargo tree --locked -p "$1" -e normal --depth 1 --prefix none --format '{p}' | tail -n +2 | cut -d' ' -f1 | sort -u; }
failed=0
wrong() { echo "dependency rule broken: $*" >&2; failed=1; }

# may_see CRATE "OURS IT MAY USE": any other of our crates is one too many.
may_see() {
    for found in $(direct "$1" | grep -Fxf <(tr ' ' '\n' <<<"$ours") || true); do
        case " $2 " in *" $found "*) ;; *) wrong "$1 depends on $found" ;; esac
    done
}
# never CRATE "FOREIGN": none of these directly.
never() { for foreign in $2; do direct "$1" | grep -qx "$foreign" && wrong "$1 depends directly on $foreign" || true; done; }

may_see canlog ''
may_see entity ''
may_see migration ''
may_see platform 'entity'
may_see worker 'canlog entity platform'
may_see api 'canlog entity platform'
# The binary compares, copies and restores tables itself: fsck, backup, restore.
may_see dataviewer 'api canlog entity migration platform worker'
never canlog 'tokio tracing sea-orm fred object_store reqwest axum'
never entity 'async-graphql axum'
never migration 'sea-orm entity'
never worker 'async-graphql axum'

# What kills and freezes the process on demand is in builds for tests only.
cargo tree --locked -p dataviewer -e normal,build,features | grep -q 'platform feature "testing"' &&
    wrong "dataviewer is built with platform's feature \`testing\`"

[ "$failed" = 0 ] && echo "dependency rules hold"
exit "$failed"
