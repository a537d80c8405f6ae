# What has to be true on the host before anything starts: root, users, a tmpfs, directories. All of it idempotent.

SETUP_LOCK=/run/pushboat-setup.lock

require_root() {
  ((EUID == 0)) || fail "only root can do this: it starts containers" "Type: sudo $0 $*"
}

prepare_host() {
  exec 7>"$SETUP_LOCK"
  flock 7
  install_packages
  make_users
  mount_run_directory
  exec 7>&-
}

# Router, Redis and git children are not root (design.md 3).
make_users() {
  local user
  for user in pushboat-git pushboat-router pushboat-redis pushboat-dns; do
    getent passwd "$user" >/dev/null && continue
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$user" ||
      fail "the system user $user could not be made"
  done
}

# Secrets and sockets never touch a disk, and a reboot leaves nothing that could be confused with what runs.
mount_run_directory() {
  mkdir -p -m 0711 /run/pushboat
  [[ $(stat -f -c %T /run/pushboat) == tmpfs ]] && return
  mount -t tmpfs -o mode=0711,nosuid,nodev pushboat /run/pushboat || fail "no tmpfs could be mounted at /run/pushboat"
}

# The data directory is ours alone: never one that already holds something else.
claim_data_directory() {
  [[ ! -e $DATA || -d $DATA ]] || fail "$DATA is not a directory" "Give another one: --data DIR"
  if [[ -n $(ls -A "$DATA" 2>/dev/null) && ! -e $DATA/settings.env && ! -e $DATA/state.db ]]; then
    fail "$DATA is not empty and not a data directory of Pushboat" "Give another one: --data DIR"
  fi
  mkdir -p "$DATA" || fail "$DATA could not be made"
}

furnish_data_directory() {
  remember_settings
  chown root:root "$DATA" && chmod 0711 "$DATA" && install -d -m 0711 "$DATA/logs" && install -d -m 0700 "$DATA/logs/platform" &&
    install -d -m 0750 -o pushboat-router -g pushboat-router "$DATA/router-logs" || fail "$DATA could not be furnished"
  let_users_through
}

# git and the router run as users of their own and have to reach the data directory. Where a directory above it is closed (0700, as
# mktemp makes them), they alone get the right to pass through it: an access list, so that nobody else gains anything.
let_users_through() {
  local user closed
  for user in pushboat-git pushboat-router; do
    while closed=$(first_closed "$user") && [[ -n $closed ]]; do
      perl "$ROOT/launcher/grant-passage.pl" "$closed" "$(id -u "$user")" && [[ $(first_closed "$user") != "$closed" ]] ||
        fail "$user cannot pass through $closed to the data directory" "Type: chmod o+x $closed   or give another --data DIR"
    done
  done
}

first_closed() {
  local directory=$DATA closed=
  while [[ $directory != / ]]; do
    setpriv --reuid "$1" --regid "$1" --clear-groups test -x "$directory" || closed=$directory
    directory=$(dirname "$directory")
  done
  printf %s "$closed"
}

make_run_directory() {
  local cache
  cache=$(setting CACHE)
  install -d -m 0711 "$RUN" "$cache"
  install -d -m 0755 "$RUN/processes"
  install -d -m 0700 "$RUN/admin" "$RUN/containers" "$COMPILE_CACHE"
  install -d -m 0700 -o pushboat-redis -g pushboat-redis "$RUN/redis"
  install -d -m 0700 -o pushboat-router -g pushboat-router "$RUN/router"
  install -d -m 0750 -g pushboat-router "$RUN/routes" "$RUN/http"
  install -d -m 0700 -o pushboat-git -g pushboat-git "$RUN/hooks"
  install -d -m 0750 -g pushboat-dns "$RUN/dns"
  printf '%s\n' "$ROOT" >"$RUN/checkout"
  printf '%s\n' "$DATA" >"$RUN/data"
}

# One `up`, `down` or `restart` at a time for each data directory: a lock on the directory itself.
lock_platform() {
  exec 9<"$DATA" || fail "$DATA cannot be read"
  flock -n 9 && return
  detail "another ./pushboat is at work on $DATA; waiting for it"
  flock 9
}

unlock_platform() { exec 9<&-; }
