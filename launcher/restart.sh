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
  set_aside router # serves until the next one listens on the same ports, which then tells it to end
  migrate_accept_queues
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
  restore_accept_queues
  echo "Pushboat was restarted."
  print_addresses
}

# What waits in the old router's accept queue goes to the new one instead of being reset (Linux >= 5.14; ip-sysctl: tcp_migrate_req).
# It concerns listeners that share a port only, and is put back afterwards.
readonly MIGRATE_REQUESTS=/proc/sys/net/ipv4/tcp_migrate_req
MIGRATED_BEFORE=

migrate_accept_queues() {
  { read -r MIGRATED_BEFORE <"$MIGRATE_REQUESTS" && echo 1 >"$MIGRATE_REQUESTS"; } 2>/dev/null || MIGRATED_BEFORE=
}

restore_accept_queues() {
  [[ -z $MIGRATED_BEFORE ]] || echo "$MIGRATED_BEFORE" >"$MIGRATE_REQUESTS" 2>/dev/null
}
