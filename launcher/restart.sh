# `restart`: replaces only our own processes (control, router, redis and the loop); instances of apps run on untouched.

command_restart() {
  read_options --data -- "$@"
  require_root restart "$@"
  load_settings
  [[ -d $RUN && -e $DATA/settings.env ]] || fail "Pushboat is not running ($DATA)" "Type: sudo $0 up --data $DATA"
  trap on_interrupt INT TERM HUP
  lock_platform
  have_modules || refresh_modules
  find_node
  prepare_host
  stop_process supervisor "$OTHER_STOP_SECONDS"
  stop_process control "$CONTROL_STOP_SECONDS"
  stop_process router "$OTHER_STOP_SECONDS"
  stop_process redis "$OTHER_STOP_SECONDS"
  make_run_directory
  start_supervisor
  heading "Waiting until it answers"
  if ! wait_until_ready; then
    show_logs
    fail "the platform did not answer within $READY_SECONDS s"
  fi
  echo "Pushboat was restarted."
  print_addresses
}

# New dependencies are fetched while the platform still runs, and put in place when its processes are gone.
refresh_modules() {
  stop_process supervisor "$OTHER_STOP_SECONDS"
  ensure_modules "$DATA"
}
