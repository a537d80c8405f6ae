# `down`: stops apps and our own processes and removes every kernel object; the state stays.

CONTROL_STOP_SECONDS=15
OTHER_STOP_SECONDS=5

command_down() {
  read_options --data -- "$@"
  require_root down "$@"
  load_settings
  if [[ ! -e $DATA/settings.env && ! -d $RUN ]]; then
    echo "Pushboat is not running ($DATA)."
    return
  fi
  trap '' HUP
  lock_platform
  local was_running=
  [[ ! -d $RUN ]] || was_running=yes
  stop_platform || exit 1
  if [[ -n $was_running ]]; then echo "Pushboat is stopped. Its state is kept in $DATA."; else echo "Pushboat is not running ($DATA)."; fi
}

stop_platform() {
  STEP_SHIELDED=yes # another Ctrl-C does not leave half of it behind
  stop_process supervisor "$OTHER_STOP_SECONDS"
  stop_process control "$CONTROL_STOP_SECONDS"
  have_modules || stop_others # before the modules that they run on are replaced
  ensure_modules "$DATA"
  find_node
  if ! run_live teardown; then
    complain "not everything could be removed" "Mend what is said above and type: sudo $0 down --data $DATA"
    return 1
  fi
  stop_others
  remove_run_directory
}

stop_others() {
  local name
  for name in router router.leaving redis dns; do stop_process "$name" "$OTHER_STOP_SECONDS"; done
}

# Never through a mount that is still there.
remove_run_directory() {
  [[ -d $RUN ]] || return 0
  if grep -qF " $RUN/" /proc/self/mountinfo; then
    complain "there are mounts left below $RUN; it is not removed"
    return 1
  fi
  rm -rf --one-file-system "$RUN"
}
