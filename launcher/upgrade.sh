# `upgrade`: another version takes over from the one that runs. Apps are not touched, and where it does not become healthy the version of
# before comes back, with the state of before where the new one had changed its schema.

# A version that dies this soon after it answered is not healthy.
readonly STEADY_SECONDS=4
readonly UPGRADE_FREE_BYTES=500000000 STATE_COPIES_KEPT=3

command_upgrade() {
  read_options --data --to -- "$@"
  require_root upgrade "$@"
  load_settings
  name_installation
  require_installed
  trap on_interrupt INT TERM HUP
  lock_installation
  check_room "$PREFIX"
  check_room "$DATA"
  local old new state_copy
  old=$(realpath "$PREFIX/current")
  find_version "${TO-}"
  new=$PLACED
  [[ $new != "$old" ]] || { echo "Pushboat $(basename "$old") is what runs already."; return; }
  leave_if_interrupted
  trap '' INT TERM HUP # from here on it is quick, and either done or undone
  take_over "$old" "$new"
  forget_versions "$old" "$new"
  echo "Pushboat runs $(basename "$new") now; before: $(basename "$old") (sudo $PREFIX/current/pushboat upgrade --to $old)."
}

check_room() {
  local free
  free=$(df --output=avail -B1 "$1" | tail -n 1)
  ((free >= UPGRADE_FREE_BYTES)) || fail "only $((free / 1000000)) MB are free at $1; an upgrade needs $((UPGRADE_FREE_BYTES / 1000000)) MB" \
    "See what takes the place: sudo $0 disk"
}

# find_version DIR|VERSION|"": sets PLACED; "" is the newest release of the repository that the installation came from.
find_version() {
  local wanted=$1 source exported
  if [[ -d $wanted ]]; then
    is_pushboat "$wanted" || fail "$wanted holds no Pushboat" "Give the directory of a checkout: --to DIR"
    wanted=$(realpath "$wanted")
    if [[ $wanted == "$(realpath "$PREFIX")"/versions/* ]]; then PLACED=$wanted; else place_version "$wanted"; fi
    return
  fi
  source=$(<"$PREFIX/source")
  is_repository "$source" || fail "there is no repository to take a version from: $source" "Give the directory of the new version: --to DIR"
  step "Fetching releases" git -c safe.directory='*' -C "$source" fetch --tags || fail "$source: git fetch failed" "Give the directory of the new version: --to DIR"
  wanted=${wanted:-$(trusting_git -C "$source" tag --list 'v[0-9]*' --sort=v:refname | tail -n 1)}
  [[ -n $wanted ]] || fail "$source has no release (a tag v1.2.3)" "Give the directory of the new version: --to DIR"
  exported=$(mktemp -d -p "$PREFIX") && trusting_git clone -q --no-checkout "$source" "$exported/pushboat" &&
    { trusting_git -C "$exported/pushboat" checkout -q "v${wanted#v}" -- 2>/dev/null || trusting_git -C "$exported/pushboat" checkout -q "$wanted" -- 2>/dev/null; } || {
    rm -rf "$exported"
    fail "$source has no version $(printf %q "$wanted")" "Its releases: $(trusting_git -C "$source" tag --list 'v[0-9]*' | tr '\n' ' ')"
  }
  (place_version "$exported/pushboat" && printf %s "$PLACED" >"$exported/placed") || { rm -rf "$exported"; exit 1; }
  PLACED=$(<"$exported/placed")
  rm -rf "$exported"
}

# take_over OLD NEW
take_over() {
  local running= copy
  ! supervised || running=yes
  lock_platform
  stop_process supervisor "$OTHER_STOP_SECONDS"
  stop_process control "$CONTROL_STOP_SECONDS"
  copy=$(copy_state "$1") || give_up "the state could not be copied; nothing was changed" "$1" "$running"
  heading "Trying the state's changes on a copy"
  try_migrations "$2" "$copy" || give_up "$(basename "$2") cannot work on this state; nothing was changed" "$1" "$running"
  unlock_platform
  switch_to "$2"
  write_service
  [[ -z $running ]] || { "$2/pushboat" restart --data "$DATA" 5<&- && steady; } || go_back "$1" "$2" "$copy"
}

# The same processes still run, and answer, some seconds later.
steady() {
  local before
  before=$(cat "$RUN"/processes/{control,router})
  pause "$STEADY_SECONDS"
  [[ $(cat "$RUN"/processes/{control,router}) == "$before" ]] && alive "$RUN/processes/control" && alive "$RUN/processes/router" &&
    (find_node && wait_until_ready)
}

# The copy of before an upgrade: control does not run, so that the files are at rest.
copy_state() {
  local directory=$DATA/upgrades copy
  [[ -e $DATA/state.db ]] || return 0
  copy=$directory/state-$(basename "$1")-$(date -u +%Y%m%dT%H%M%SZ)
  install -d -m 0700 "$directory" "$copy" && cp -a "$DATA"/state.db* "$copy/" || return
  find "$directory" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -rn | tail -n "+$((STATE_COPIES_KEPT + 1))" | cut -d' ' -f2- | xargs -r -d '\n' rm -rf
  printf %s "$copy"
}

# try_migrations NEW COPY: by the new version's code, on a copy of the copy.
try_migrations() {
  local trial=$DATA/upgrades/trial result
  [[ -n $2 ]] || return 0
  rm -rf "$trial"
  cp -a "$2" "$trial" && run_version "$1" try-state "$trial/state.db"
  result=$?
  rm -rf "$trial"
  return "$result"
}

run_version() (
  ROOT=$1
  find_node
  shift
  run_live "$@"
)

# give_up MESSAGE OLD RUNNING: nothing was switched yet.
give_up() {
  unlock_platform
  [[ -z $3 ]] || "$2/pushboat" restart --data "$DATA" 5<&- >&2
  fail "$1" "Pushboat $(basename "$2") goes on."
}

# go_back OLD NEW COPY
go_back() {
  complain "$(basename "$2") did not become healthy; going back to $(basename "$1")"
  lock_platform
  stop_process supervisor "$OTHER_STOP_SECONDS"
  stop_process control "$CONTROL_STOP_SECONDS"
  if [[ -n $3 && $(schema_of "$DATA/state.db") != "$(schema_of "$3/state.db")" ]]; then
    rm -f "$DATA"/state.db* && cp -a "$3"/state.db* "$DATA/" || fail "the state of before could not be put back; it is in $3"
    detail "the state of before is back: its schema had been changed"
  fi
  unlock_platform
  switch_to "$1"
  write_service
  "$1/pushboat" restart --data "$DATA" 5<&- >&2 || fail "$(basename "$1") did not come back either" "Type: sudo $1/pushboat restart --data $DATA"
  fail "the upgrade was undone: Pushboat runs $(basename "$1") as before" "What the new version said: $DATA/logs/platform/control.log"
}

# Read by SQLite, since a control that died leaves its last changes in the WAL. Works with every version's Node.
schema_of() (
  find_node
  "$NODE" -e 'const { DatabaseSync } = require("node:sqlite");
    console.log(new DatabaseSync(process.argv[1]).prepare("PRAGMA user_version").get().user_version);' "$1" 2>/dev/null
)
