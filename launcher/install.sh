# `install`: makes a service of this version that starts at boot. `uninstall` takes it away and keeps the data, or not (--purge).

readonly UNIT_DIRECTORY=/etc/systemd/system INIT_DIRECTORY=/etc/init.d COMMAND_LINK=/usr/local/bin/pushboat

command_install() {
  read_options --data --domain --http-port --https-port --ssh-port --bind --admin-key --tls --from -- "$@"
  require_root install "$@"
  load_settings
  check_settings
  check_admin_key
  [[ $DATA =~ ^[A-Za-z0-9/._-]+$ ]] || fail "a service needs a data directory of plain characters, not $(printf %q "$DATA")" \
    "Give another one: --data DIR"
  name_installation
  ! installed || fail "Pushboat $(version_of "$PREFIX/current") is installed for $DATA already" \
    "To change its version: sudo $0 upgrade --to DIR   To change its settings: sudo $0 down, then sudo $0 up with them."
  trap on_interrupt INT TERM HUP
  claim_data_directory
  prepare_host
  mkdir -p -m 0755 "$PREFIX" || fail "$PREFIX could not be made"
  lock_installation
  install_version "${FROM:-$ROOT}"
  if [[ -n $INTERRUPTED ]] || ! start_installed; then
    remove_installation
    leave_if_interrupted
    fail "Pushboat did not start; nothing was installed" "Mend what is said above, then try again."
  fi
  start_service
  echo "Pushboat $(version_of "$PREFIX/current") is installed in $PREFIX and starts with the machine ($(service_kind))."
  [[ ! -L $COMMAND_LINK ]] || echo "Every command: sudo pushboat COMMAND"
}

install_version() {
  is_pushboat "$1" || fail "$1 holds no Pushboat" "Give the directory of a checkout: --from DIR"
  place_version "$(realpath "$1")"
  switch_to "$PLACED"
  realpath "$1" >"$PREFIX/source"
  environment_lines >"$PREFIX/environment"
  write_service
  [[ $SERVICE != pushboat || -e $COMMAND_LINK ]] || ln -s "$PREFIX/current/pushboat" "$COMMAND_LINK"
}

is_pushboat() { [[ -x $1/pushboat && -r $1/package.json && -d $1/launcher ]]; }

# A platform that runs from a checkout goes on under the installed version; its apps are not touched.
start_installed() {
  local name given=()
  for name in "${!GIVEN[@]}"; do given+=("PUSHBOAT_$name=${GIVEN[$name]}"); done
  if supervised; then
    "$PREFIX/current/pushboat" restart --data "$DATA" 5<&-
  else
    env "${given[@]}" "$PREFIX/current/pushboat" up --detach --data "$DATA" 5<&-
  fi
}

# Proxy and CA variables of whoever installs: at boot nobody has them. Single quotes mean the same to sh and to systemd.
environment_lines() {
  local variable
  for variable in "${PASSED_VARIABLES[@]}"; do
    [[ -z ${!variable-} || ${!variable} == *[\'[:cntrl:]]* ]] || printf "%s='%s'\n" "$variable" "${!variable}"
  done
}

service_kind() { if systemd_runs; then printf 'systemd unit %s' "$SERVICE"; else printf 'init script %s' "$SERVICE"; fi; }

systemd_runs() { [[ -d /run/systemd/system ]]; } # sd_booted(3)

write_service() {
  mkdir -p "$UNIT_DIRECTORY"
  unit_file >"$UNIT_DIRECTORY/$SERVICE.service" || fail "$UNIT_DIRECTORY/$SERVICE.service could not be written"
  systemd_runs && return
  mkdir -p "$INIT_DIRECTORY"
  init_script >"$INIT_DIRECTORY/$SERVICE" && chmod 0755 "$INIT_DIRECTORY/$SERVICE" || fail "$INIT_DIRECTORY/$SERVICE could not be written"
}

# KillMode=process: the service's main process ends the apps itself when it is told to stop, and its sudden death leaves them running;
# the next start adopts them. Reloading replaces our own processes only. No OOMScoreAdjust: the apps would inherit it.
unit_file() {
  cat <<UNIT
[Unit]
Description=Pushboat ($DATA)
Documentation=file:$PREFIX/current/docs/operations.md
Wants=network-online.target
After=network-online.target time-sync.target
RequiresMountsFor=$DATA
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=all
EnvironmentFile=-$PREFIX/environment
ExecStart=$PREFIX/current/pushboat up --data $DATA
ExecReload=$PREFIX/current/pushboat restart --data $DATA
KillMode=process
Delegate=yes
Restart=on-failure
RestartSec=2
TimeoutStartSec=infinity
TimeoutStopSec=180
LimitNOFILE=1048576
TasksMax=infinity

[Install]
WantedBy=multi-user.target
UNIT
}

init_script() {
  cat <<INIT
#!/bin/sh
### BEGIN INIT INFO
# Provides:          $SERVICE
# Required-Start:    \$remote_fs \$network \$syslog
# Required-Stop:     \$remote_fs \$network \$syslog
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: Pushboat ($DATA)
### END INIT INFO
set -a
[ ! -r $PREFIX/environment ] || . $PREFIX/environment
set +a
case "\$1" in
  start) exec $PREFIX/current/pushboat up --detach --data $DATA ;;
  stop) exec $PREFIX/current/pushboat down --data $DATA ;;
  restart | reload | force-reload) exec $PREFIX/current/pushboat restart --data $DATA ;;
  status) exec $PREFIX/current/pushboat status --data $DATA ;;
  *) echo "Usage: \$0 start|stop|restart|status" >&2; exit 2 ;;
esac
INIT
}

# The unit finds the platform running and keeps an eye on it; from the next boot on it starts it.
start_service() {
  if systemd_runs; then
    systemctl -q daemon-reload && systemctl -q enable --now "$SERVICE.service" || fail "systemd did not take the unit $SERVICE" "See: systemctl status $SERVICE"
  else
    update-rc.d "$SERVICE" defaults >/dev/null 2>&1 || complain "nothing starts $INIT_DIRECTORY/$SERVICE at boot: there is no update-rc.d"
  fi
}

command_uninstall() {
  read_options --data --purge --yes -- "$@"
  require_root uninstall "$@"
  load_settings
  name_installation
  [[ -d $PREFIX ]] || require_installed # an install that was killed half-way is taken away too
  [[ -z $PURGE ]] || confirm_purge
  lock_installation
  local launcher=$LAUNCHER
  ! installed || launcher=$PREFIX/current/pushboat
  [[ ! -d $DATA ]] || "$launcher" down --data "$DATA" 5<&- || fail "the platform could not be stopped; nothing was removed" "Mend what is said above, then try again."
  stop_service
  remove_installation
  if [[ -n $PURGE ]]; then
    rm -rf --one-file-system "$DATA" || fail "$DATA could not be removed whole"
    echo "Pushboat is removed, its data with it ($DATA)."
  else
    echo "Pushboat is removed. Its data is kept in $DATA (--purge removes it too)."
  fi
  echo "Kept, since other platforms of this machine share them: $(setting CACHE), the users pushboat-git, pushboat-router, pushboat-redis and pushboat-dns."
}

confirm_purge() {
  [[ -z $YES ]] || return 0
  [[ -t 0 ]] || fail "--purge removes every app, its config, volumes and repositories in $DATA for ever" "Add --yes to mean it."
  local typed
  read -r -p "Every app, its config, volumes and repositories in $DATA will be removed for ever. Type the directory's name to go on: " typed
  [[ $typed == "$DATA" ]] || fail "not confirmed; nothing was removed"
}

stop_service() {
  if systemd_runs; then
    systemctl -q disable --now "$SERVICE.service" 2>/dev/null
  else
    update-rc.d -f "$SERVICE" remove >/dev/null 2>&1
  fi
}

remove_installation() {
  rm -f "$UNIT_DIRECTORY/$SERVICE.service" "$INIT_DIRECTORY/$SERVICE"
  [[ $(readlink "$COMMAND_LINK") != "$PREFIX/current/pushboat" ]] || rm -f "$COMMAND_LINK"
  rm -rf --one-file-system "$PREFIX"
  ! systemd_runs || systemctl -q daemon-reload
}
