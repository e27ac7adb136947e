# Sourced by the benches that start servers: a directory of their own, and an end for every process in `pids`.

site=$(mktemp -d)
# Not beside the keys, whose directory dockgate watches.
mkdir "$site/logs"
pids=()
stop() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$site"
}
trap stop EXIT

# log pid text: waits until the log says so, or the process ends.
says() {
    local tries
    for ((tries = 0; tries < 600; tries++)); do
        if grep -q "$3" "$1" 2>/dev/null; then return 0; fi
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
