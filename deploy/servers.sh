#!/usr/bin/env bash
# Real servers for the tests: each on a free port of 127.0.0.1, in a temporary folder, ended with the script.
#
#   bash deploy/servers.sh run COMMAND…     starts them, runs COMMAND with the variables below, ends them
#   . deploy/servers.sh; start_servers      the same within a script that may end them early by stop_servers
#
# DATAVIEWER_TEST_POSTGRES, DATAVIEWER_TEST_MARIADB: URLs of servers where the tests make databases of their own.
# DATAVIEWER_TEST_REDIS: URL of a server for tests that do not hurt it; those that do start their own.
# DATAVIEWER_TEST_BIN: folder of server programs for tests that start their own.
# DATAVIEWER_TEST_FAKETIME: the library that shifts a process's clock.
#
# What is missing is installed on Debian; elsewhere, install it so that it is found.

servers_root=''    # the temporary folder of all of them
servers_pids=()    # the processes to end

start_servers() {
    servers_root=$(mktemp -d "$(roomy_folder)/dataviewer-servers.XXXXXX")
    chmod 711 "$servers_root"
    trap stop_servers EXIT
    DATAVIEWER_TEST_BIN=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools/bin")
    export DATAVIEWER_TEST_BIN
    start_postgres && start_mariadb && start_redis && install_s3 && find_faketime
}

# In memory where there is plenty: every test makes a database, and disks are slow at that.
roomy_folder() {
    local free
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -1)
    if [ "${free:-0}" -gt 4000000 ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}

stop_servers() {
    local pid
    # PostgreSQL waits for its clients on TERM, MariaDB does not hear INT.
    for pid in "${servers_pids[@]}"; do kill -INT "$pid" && kill -TERM "$pid"; done 2>/dev/null || true
    for pid in "${servers_pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    servers_pids=()
    [ -z "$servers_root" ] || rm -rf "$servers_root"
    servers_root=''
}

start_postgres() {
    local bin port home=$servers_root/postgres password='p@ss: word/%'
    bin=$(postgres_bin) || { debian postgresql && bin=$(postgres_bin); } || return 1
    port=$(free_port)
    owned_folder postgres "$home"
    printf '%s\n' "$password" >"$home/password"
    # Checksums and fsync guard against a machine that stops: no test stops the machine.
    as postgres "$bin/initdb" -D "$home/db" -U dataviewer --pwfile="$home/password" -A scram-sha-256 \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$home/log" 2>&1 || { tail -5 "$home/log" >&2; return 1; }
    as postgres "$bin/postgres" -D "$home/db" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
        -c fsync=off -c max_connections=500 -c shared_buffers=64MB >>"$home/log" 2>&1 &
    servers_pids+=($!)
    until_answering PostgreSQL "$home/log" $! "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" || return 1
    export DATAVIEWER_TEST_POSTGRES="postgresql://dataviewer:p%40ss%3A%20word%2F%25@127.0.0.1:$port/postgres"
}

postgres_bin() {
    local found
    for found in /usr/lib/postgresql/*/bin "$(dirname "$(command -v postgres || echo /)")"; do
        [ -x "$found/initdb" ] && echo "$found" && return
    done
    return 1
}

start_mariadb() {
    local port home=$servers_root/mariadb
    command -v mariadbd >/dev/null || debian mariadb-server || return 1
    port=$(free_port)
    owned_folder mysql "$home"
    cat >"$home/init.sql" <<'SQL'
CREATE USER 'dataviewer'@'127.0.0.1' IDENTIFIED BY 'p@ss: word/%';
GRANT ALL ON *.* TO 'dataviewer'@'127.0.0.1';
SQL
    as mysql mariadb-install-db --no-defaults --datadir="$home/db" --auth-root-authentication-method=normal \
        --skip-test-db >"$home/log" 2>&1 || { tail -5 "$home/log" >&2; return 1; }
    # Its own defaults, not the distribution's: a server set up for Latin letters must do. To disk once a second:
    # only a machine that stops would lose something, and no test stops the machine.
    as mysql mariadbd --no-defaults --datadir="$home/db" --port="$port" --bind-address=127.0.0.1 \
        --socket="$home/socket" --skip-name-resolve --max-connections=500 --innodb-flush-log-at-trx-commit=2 \
        --init-file="$home/init.sql" >>"$home/log" 2>&1 &
    servers_pids+=($!)
    until_answering MariaDB "$home/log" $! mariadb-admin --no-defaults --protocol=tcp -h 127.0.0.1 -P "$port" \
        -u dataviewer '-pp@ss: word/%' ping || return 1
    export DATAVIEWER_TEST_MARIADB="mysql://dataviewer:p%40ss%3A%20word%2F%25@127.0.0.1:$port/mysql"
}

start_redis() {
    local port home=$servers_root/redis
    command -v redis-server >/dev/null && command -v openssl >/dev/null || debian redis-server openssl || return 1
    port=$(free_port)
    owned_folder redis "$home"
    as redis redis-server --port "$port" --bind 127.0.0.1 --dir "$home" --save '' --appendonly no \
        >"$home/log" 2>&1 &
    servers_pids+=($!)
    until_answering Redis "$home/log" $! redis-cli -e -p "$port" ping || return 1
    export DATAVIEWER_TEST_REDIS="redis://127.0.0.1:$port"
}

# A server of buckets: each test that needs one starts its own.
install_s3() {
    local home version=0.14.1
    home=$(dirname "$DATAVIEWER_TEST_BIN")
    command -v "$DATAVIEWER_TEST_BIN/s3s-fs" s3s-fs >/dev/null && return
    echo "installing s3s-fs"
    CARGO_TARGET_DIR=$home/s3s-build cargo install --quiet --locked --root "$home" s3s-fs --version "$version" --features binary
    rm -rf "$home/s3s-build"
    [ -x "$DATAVIEWER_TEST_BIN/s3s-fs" ]
}

# What shifts a process's clock.
find_faketime() {
    DATAVIEWER_TEST_FAKETIME=$(faketime_library) || { debian libfaketime && DATAVIEWER_TEST_FAKETIME=$(faketime_library); } || return 1
    export DATAVIEWER_TEST_FAKETIME
}

faketime_library() {
    local found
    for found in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib*/faketime/libfaketimeMT.so.1; do
        [ -e "$found" ] && echo "$found" && return
    done
    return 1
}

# A port that nobody listens on, below those that the system gives to clients meanwhile.
free_port() {
    python3 - <<'PY'
import random, socket
while True:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", random.randrange(12000, 32000)))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
PY
}

# owned_folder USER FOLDER: makes it, for USER where we are root.
owned_folder() {
    mkdir -p "$2"
    [ "$(id -u)" != 0 ] || chown "$1" "$2"
}

# as USER COMMAND…: as USER where we are root (the servers refuse root), and ended when this script is killed.
as() {
    local user=()
    [ "$(id -u)" != 0 ] || user=(--reuid="$1" --regid="$(id -g "$1")" --clear-groups)
    exec_or_run setpriv "${user[@]}" --pdeathsig KILL "${@:2}"
}

# In the background a function is a process of its own: become the command, so that `$!` is the server.
exec_or_run() { if [ "$BASHPID" != "$$" ]; then exec "$@"; else "$@"; fi; }

# until_answering NAME LOG PID COMMAND…: waits until COMMAND succeeds, at most a minute.
until_answering() {
    local tries
    for tries in $(seq 1 300); do
        "${@:4}" >/dev/null 2>&1 && return
        kill -0 "$3" 2>/dev/null || break
        sleep 0.2
    done
    echo "$1 does not start:" >&2
    tail -5 "$2" >&2
    return 1
}

# debian PACKAGE…: installs what a server needs.
debian() {
    local sudo='' log=$servers_root/apt.log
    echo "installing $*"
    [ "$(id -u)" = 0 ] || sudo=sudo
    { $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@"; } \
        >"$log" 2>&1 || { tail -5 "$log" >&2; echo "install $* so that its programs are found, then run this again" >&2; return 1; }
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    [ "${1:-}" = run ] && [ $# -gt 1 ] || { echo "usage: bash deploy/servers.sh run COMMAND…" >&2; exit 2; }
    start_servers
    "${@:2}"
fi
