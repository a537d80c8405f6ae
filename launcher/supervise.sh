#!/bin/bash
# The supervisor: keeps redis, router, control and the name server running and does nothing else. Its own death leaves them running; the next one
# adopts them by their records. It holds the router's listening sockets (listen.pl), so that none is refused while there is no router.
# Usage: supervise.sh ROOT RUN DATA NODE; its environment is the platform's.
set -uo pipefail

readonly ROOT=$1 RUN=$2 DATA=$3 NODE=$4
readonly LOGS=$DATA/logs/platform
readonly LOOK_EVERY_SECONDS=0.2
readonly LOG_LIMIT_BYTES=10000000 LOG_LOOK_EVERY_ROUNDS=50
# A process that lived shorter than this crashed in a row with the one before; after so many in a row the restarts slow down.
readonly STEADY_MS=3000 FREE_RESTARTS=3 SLOWEST_RESTART_MS=5000

# shellcheck source=launcher/processes.sh
source "$ROOT/launcher/processes.sh"
exec {NEVER}<> <(:)
pause() { read -r -t "$1" -u "$NEVER" || true; }
say() { printf '%(%Y-%m-%dT%H:%M:%S%z)T %s\n' -1 "$*"; }

declare -A STARTED_MS=() FAILED_IN_A_ROW=() NOT_BEFORE_MS=()

main() {
  exec 6>"$RUN/supervisor.lock"
  flock -n 6 || exit 0 # another one is at work
  record_self "$RUN/processes/supervisor"
  trap 'say "told to stop; what runs is left running"; exit 0' TERM
  trap '' HUP INT
  local name names="redis router control dns" round=0
  [[ -z ${REDIS_URL-} ]] || names="router control dns"
  say "supervising $names"
  cd / || exit 1
  while :; do
    for name in $names; do keep "$name"; done
    ((++round % LOG_LOOK_EVERY_ROUNDS)) || bound_logs
    pause "$LOOK_EVERY_SECONDS"
  done
}

keep() {
  local name=$1 now=$((${EPOCHREALTIME//[.,]/} / 1000))
  if alive "$RUN/processes/$name"; then
    [[ -n ${STARTED_MS[$name]-} ]] || adopted "$name" "$now"
    return
  fi
  if [[ -n ${STARTED_MS[$name]-} && -z ${NOT_BEFORE_MS[$name]-} ]]; then
    note_death "$name" "$now"
  fi
  ((now < ${NOT_BEFORE_MS[$name]:-0})) && return
  NOT_BEFORE_MS[$name]=
  STARTED_MS[$name]=$now
  (become "$name") >>"$LOGS/$name.log" 2>&1 </dev/null &
  local pid=$!
  # The record is written by the process itself; without it the next look would start a second one.
  while kill -0 "$pid" 2>/dev/null && ! recorded "$name" "$pid"; do pause 0.005; done
  say "started $name, process $pid"
}

recorded() {
  local pid ticks
  { read -r pid ticks <"$RUN/processes/$1"; } 2>/dev/null && [[ $pid == "$2" ]]
}

adopted() {
  STARTED_MS[$1]=$2
  say "adopted $1, process $RECORDED_PID"
}

# The first deaths in a row cost nothing; then 500 ms, 1 s, 2 s, ... up to the slowest.
note_death() {
  local name=$1 now=$2 lived=$(($2 - STARTED_MS[$1])) delay=0 failed
  if ((lived < STEADY_MS)); then FAILED_IN_A_ROW[$name]=$((${FAILED_IN_A_ROW[$name]:-0} + 1)); else FAILED_IN_A_ROW[$name]=0; fi
  failed=${FAILED_IN_A_ROW[$name]}
  ((failed <= FREE_RESTARTS)) || delay=$((250 << (failed - FREE_RESTARTS < 6 ? failed - FREE_RESTARTS : 6)))
  ((delay <= SLOWEST_RESTART_MS)) || delay=$SLOWEST_RESTART_MS
  NOT_BEFORE_MS[$name]=$((now + delay))
  say "$name ended after $lived ms ($failed in a row); next start in $delay ms; see $LOGS/$name.log"
}

# Runs in a subshell of its own, which turns into the process: the record is there before the process is.
become() {
  exec 6>&-
  record_self "$RUN/processes/$1"
  [[ $1 == router ]] || { exec 30<&- 31<&- 32<&-; unset LISTENING_SOCKETS; }
  [[ -e ${PUSHBOAT_ADMIN_KEYS_FILE-} ]] || unset PUSHBOAT_ADMIN_KEYS_FILE # it is for the first start only
  case $1 in
    redis)
      exec setsid setpriv --reuid pushboat-redis --regid pushboat-redis --clear-groups redis-server --port 0 \
        --unixsocket "$RUN/redis/redis.sock" --unixsocketperm 700 --dir "$RUN/redis" --save "" --appendonly no \
        --maxmemory 256mb --maxmemory-policy noeviction --daemonize no
      ;;
    router) exec setsid "$NODE" --optimize-for-size --max-semi-space-size=2 "$ROOT/router/main.ts" ;;
    dns) exec setsid "$NODE" --optimize-for-size --max-semi-space-size=2 "$ROOT/dns/main.ts" ;;
    control) exec setsid "$NODE" --max-semi-space-size=2 "$ROOT/main.ts" control ;;
  esac
}

# The processes append, so that a file that was cut is written on from its new end. One older part is kept.
bound_logs() {
  local log size
  while read -r size log; do
    ((size <= LOG_LIMIT_BYTES)) || { cp "$log" "$log.1" && : >"$log"; }
  done < <(stat -c '%s %n' "$LOGS"/*.log 2>/dev/null)
}

main
