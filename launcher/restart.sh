# `restart`: replaces only our own processes (control, router, redis and the loop); instances of apps run on untouched.

command_restart() {
  read_options --data -- "$@"
  require_root restart "$@"
  load_settings
  [[ -d $RUN && -e $DATA/settings.env ]] || fail "Pushboat is not running ($DATA)" "Type: sudo $0 up --data $DATA"
  trap on_interrupt INT TERM HUP
  lock_platform
  prepare_host
  prefetch_modules "$DATA"
  leave_if_interrupted
  stop_process supervisor "$OTHER_STOP_SECONDS"
  stop_process control "$CONTROL_STOP_SECONDS"
  stop_process redis "$OTHER_STOP_SECONDS"
  stop_process dns "$OTHER_STOP_SECONDS"
  set_aside router # serves until the next one takes connections from the same sockets (listen.pl), which then tells it to end
  install_prefetched_modules
  find_node
  make_run_directory
  start_supervisor
  heading "Waiting until it answers"
  if ! wait_until_ready; then
    show_logs
    fail "the platform did not become ready" "Type: sudo $0 status --data $DATA"
  fi
  stop_process router.leaving "$((${SETTINGS[DRAIN_TIMEOUT_MS]:-30000} / 1000 + 2))"
  rm -f "$RUN/processes/router.leaving"
  echo "Pushboat was restarted."
  print_addresses
}
