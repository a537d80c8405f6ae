# What the launcher says: headings, details, failures, and long steps with their elapsed time. Progress goes to stderr.

heading() { printf -- '-----> %s\n' "$*" >&2; }
detail() { printf '       %s\n' "$*" >&2; }
complain() { printf ' !     %s\n' "$@" >&2; }

# fail MESSAGE [HINT...]: what was seen, then what to do.
fail() {
  complain "$@"
  exit 1
}

misused() {
  complain "$@" "Type ./pushboat help for the commands and their options."
  exit 2
}

# Sleeps without spawning anything: a pipe that nobody writes to.
exec {NEVER}<> <(:)
pause() { read -r -t "$1" -u "$NEVER" || true; }

now_ms() { printf -v "$1" '%s' "$((${EPOCHREALTIME//[.,]/} / 1000))"; }

seconds_since() {
  local now
  now_ms now
  printf '%d.%d s' "$(((now - $1) / 1000))" "$(((now - $1) % 1000 / 100))"
}

STEP_PID=
STEP_SHIELDED=
INTERRUPTED=

# step TITLE COMMAND...: its output goes to a file and is shown only when it fails.
# It has a session of its own: Ctrl-C reaches it through on_interrupt alone.
step() {
  local title=$1 log result
  shift
  heading "$title"
  log=$(mktemp)
  setsid "$@" >"$log" 2>&1 </dev/null {NEVER}<&- &
  finish_step $! 5
  result=$?
  ((result == 0)) || tail -n 25 "$log" | sed 's/^/       /' >&2
  rm -f "$log"
  return "$result"
}

# live_step COMMAND...: the command itself says what it does, on our stderr.
live_step() {
  setsid "$@" >&2 </dev/null {NEVER}<&- &
  finish_step $! 30
}

# finish_step PID SECONDS: says that it is still at work every so many seconds.
finish_step() {
  local pid=$1 every_ms=$(($2 * 1000)) started told now result
  STEP_PID=$pid
  now_ms started
  told=$started
  while kill -0 "$pid" 2>/dev/null; do
    pause 0.03
    now_ms now
    if ((now - told >= every_ms)); then
      detail "still at it after $(((now - started) / 1000)) s"
      told=$now
    fi
  done
  wait "$pid"
  result=$?
  STEP_PID=
  now_ms now
  ((result != 0 || now - started < 1000)) || detail "done in $(seconds_since "$started")"
  return "$result"
}

# A package manager is not cut off in the middle; everything else may be, because it writes elsewhere and renames.
on_interrupt() {
  INTERRUPTED=yes
  if [[ -n $STEP_PID && -z $STEP_SHIELDED ]]; then
    kill -TERM -- "-$STEP_PID" 2>/dev/null
  elif [[ -n $STEP_PID ]]; then
    complain "stopping after this step"
  fi
}
