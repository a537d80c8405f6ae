# Processes by record: a file with "PID STARTTICKS", so that a process id that was given again is never taken for ours.
# Used by the launcher and by the supervisor's loop: builtins only, nothing is spawned.

# start_ticks PID VARIABLE: field 22 of /proc/PID/stat (proc(5)). False for none and for a zombie.
start_ticks() {
  local - stat fields
  set -f
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2206
  fields=(${stat##*) }) # the name in brackets may hold anything
  [[ ${fields[0]} != [ZX] ]] || return 1
  printf -v "$2" '%s' "${fields[19]}"
}

# alive RECORD: sets RECORDED_PID.
alive() {
  local recorded ticks
  RECORDED_PID=
  { read -r RECORDED_PID recorded <"$1"; } 2>/dev/null || return 1
  [[ $RECORDED_PID =~ ^[0-9]+$ ]] && start_ticks "$RECORDED_PID" ticks && [[ $ticks == "$recorded" ]]
}

# record_self RECORD: the calling (sub)shell, before it becomes what it starts.
record_self() {
  local ticks
  start_ticks "$BASHPID" ticks && printf '%s %s\n' "$BASHPID" "$ticks" >"$1.new" && mv -f "$1.new" "$1"
}

# stop_process NAME SECONDS: TERM, then KILL after so many seconds. Nothing happens where it is gone.
stop_process() {
  local record=$RUN/processes/$1 end=$((SECONDS + $2))
  alive "$record" || return 0
  kill -TERM "$RECORDED_PID" 2>/dev/null
  while alive "$record"; do
    ((SECONDS <= end)) || kill -KILL "$RECORDED_PID" 2>/dev/null
    pause 0.02
  done
}

# set_aside NAME: no longer what NAME means, and running; a new one may begin beside it.
set_aside() {
  local record=$RUN/processes/$1
  alive "$record" || return 0
  mv -f "$record" "$record.leaving"
}
