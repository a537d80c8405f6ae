# `up`: sets up what is missing, starts, waits until the platform really answers, says where.

command_up() {
  read_options --detach --data --domain --http-port --https-port --ssh-port --bind --admin-key --tls --acme-dns-hook -- "$@"
  require_root up "$@"
  load_settings
  check_settings
  check_admin_key
  trap on_interrupt INT TERM HUP
  claim_data_directory
  lock_platform
  if supervised; then
    already_up
    unlock_platform
    [[ -n ${NOTIFY_SOCKET-} ]] || exit 0
    stay_in_foreground # a service has to have a process that lives
    exit
  fi
  prepare_host
  ensure_modules
  find_node
  check_ports
  leave_if_interrupted
  furnish_data_directory
  make_run_directory
  collect_admin_keys
  start_platform || exit
  print_addresses
  print_next_commands
  unlock_platform
  [[ -n $DETACH ]] || stay_in_foreground
}

# The loop runs, which is what keeps a platform running.
supervised() { alive "$RUN/processes/supervisor"; }

# Its options cannot be changed by a second `up`, and that is said instead of being passed over.
already_up() {
  local changed
  changed=$(changed_settings)
  [[ -z $changed ]] || fail "already running with other settings than these: $changed" \
    "Type: sudo $0 down --data $DATA   and then up again."
  find_node
  wait_until_ready || fail "already running, but it does not answer" "See $DATA/logs/platform/*.log, or type: sudo $0 restart --data $DATA"
  echo "Pushboat is already running."
  print_addresses
}

# Base image, supervisor, readiness. Where it does not become ready, what was started here is stopped again; apps that ran before are left.
start_platform() {
  local fresh=yes
  ! something_runs || fresh=
  if ! run_live prepare || [[ -n $INTERRUPTED ]]; then
    [[ -z $fresh ]] || stop_platform
    leave_if_interrupted
    fail "the platform could not be prepared" "Mend what is said above, then try again."
  fi
  start_supervisor
  heading "Waiting until it answers"
  if wait_until_ready && [[ -z $INTERRUPTED ]]; then
    rm -f "$RUN/admin-keys"
    return
  fi
  [[ -n $INTERRUPTED ]] || show_logs
  [[ -z $fresh ]] || stop_platform
  leave_if_interrupted
  fail "the platform did not become ready"
}

# Ours or an app, from before: a supervisor that died leaves all of them running.
something_runs() {
  alive "$RUN/processes/control" || alive "$RUN/processes/router" || [[ -n $(ls -A "$RUN/containers" 2>/dev/null) ]]
}

run_live() { platform_env_step "$NODE" "$ROOT/main.ts" "$@"; }

platform_env_step() {
  local environment=()
  mapfile -d '' -t environment < <(platform_env "$(type -P env)" -0)
  live_step env -i "${environment[@]}" "$@"
}

start_supervisor() {
  local environment=() sockets=()
  mapfile -d '' -t environment < <(platform_env "$(type -P env)" -0)
  mapfile -t sockets < <(listening_sockets)
  setsid env -i "${environment[@]}" perl "$ROOT/launcher/listen.pl" "$RUN" "${sockets[@]}" -- \
    "$BASH" "$ROOT/launcher/supervise.sh" "$ROOT" "$RUN" "$DATA" "$NODE" \
    >>"$DATA/logs/platform/supervisor.log" 2>&1 </dev/null {NEVER}<&- 7>&- 8>&- 9>&- &
  local pid=$!
  while kill -0 "$pid" 2>/dev/null && ! supervised; do pause 0.01; done # from here on it can be stopped
  disown "$pid" 2>/dev/null
}

# As NAME=FD=ADDRESS=PORT, for listen.pl. The numbers are the supervisor's (supervise.sh).
listening_sockets() {
  local bind metrics
  bind=$(setting BIND)
  metrics=$(setting METRICS_PORT)
  printf '%s\n' "http=30=$bind=$(setting HTTP_PORT)" "https=31=$bind=$(setting HTTPS_PORT)"
  [[ ! $metrics =~ ^[1-9][0-9]*$ ]] || printf '%s\n' "metrics=32=127.0.0.1=$metrics"
}

wait_until_ready() { platform_env_step "$NODE" "$ROOT/launcher/wait.ts"; }

show_logs() {
  local name
  for name in supervisor redis router control dns; do
    [[ -s $DATA/logs/platform/$name.log ]] || continue
    detail "last lines of $DATA/logs/platform/$name.log:"
    tail -n 8 "$DATA/logs/platform/$name.log" | sed 's/^/       | /' >&2
  done
}

leave_if_interrupted() {
  [[ -z $INTERRUPTED ]] || { complain "interrupted; nothing was left half-done"; exit 130; }
}

shown_host() { setting DOMAIN; }

port_part() { [[ $1 == 80 ]] || printf ':%s' "$1"; }

print_addresses() {
  local http ssh
  http=$(port_part "$(setting HTTP_PORT)")
  ssh=$(setting SSH_PORT)
  echo "  apps       http://APP.$(setting DOMAIN)$http"
  echo "  git        ssh://pushboat@$(shown_host):$ssh/APP   or http://$(shown_host)$http/git/APP.git with a token"
  echo "  commands   ssh -p $ssh pushboat@$(shown_host) help"
  echo "  data       $DATA"
}

print_next_commands() {
  if [[ -n $NO_ADMINISTRATOR ]]; then
    echo
    echo "No SSH key was found to make its owner an administrator. Add one:"
    echo "  sudo $0 keys:add NAME --data $DATA < key.pub"
  fi
  echo
  echo "Next, in a repository of yours:"
  echo "  git remote add pushboat ssh://pushboat@$(shown_host):$(setting SSH_PORT)/blog"
  echo "  git push pushboat main"
  echo "  ssh -p $(setting SSH_PORT) pushboat@$(shown_host) config:set blog GREETING=hello"
}

# What `docker compose up` users expect: the log is shown, and Ctrl-C stops the platform.
stay_in_foreground() {
  [[ -z ${NOTIFY_SOCKET-} ]] || systemd-notify --ready # sd_notify(3): the unit of `install` waits for it
  echo
  echo "Ctrl-C stops the platform (--detach leaves it running). Its log follows."
  tail -q -n 0 -F "$DATA"/logs/platform/{supervisor,router,control}.log 2>/dev/null {NEVER}<&- &
  local tail_pid=$!
  while [[ -z $INTERRUPTED && -d $RUN ]]; do pause 0.5; done
  kill "$tail_pid" 2>/dev/null
  if [[ -z $INTERRUPTED ]]; then
    echo "Pushboat was stopped."
    return
  fi
  heading "Stopping (Ctrl-C)"
  setsid --wait "$LAUNCHER" down --data "$DATA"
}
