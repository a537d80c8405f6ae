# node_modules and Node: installed when the lockfile changed, found in a fixed order. Never pulled from under a running platform.

STAMP=$ROOT/node_modules/.pushboat-lockfile
STAGED=$ROOT/.node_modules-staged
REPLACED=$ROOT/.node_modules-replaced
OLDEST_NODE=24
COMPILE_CACHE=/var/cache/pushboat/compile-cache

lockfile_identity() {
  printf '%s %s' "$(uname -m)" "$(sha256sum <"$ROOT/package-lock.json")"
}

have_modules() { [[ -r $STAMP && $(<"$STAMP") == "$(lockfile_identity)" ]]; }

# Installs where needed. Refuses while a platform runs from this checkout; the argument is the data directory of one that does not count.
ensure_modules() {
  have_modules && return
  lock_modules
  if ! have_modules; then
    refuse_while_running "${1-}"
    stage_modules
    swap_modules
  fi
  unlock_modules
}

# For `restart`: fetched while the platform still runs, put in place when its processes are gone.
prefetch_modules() {
  have_modules && return
  lock_modules
  refuse_while_running "$1"
  have_modules || stage_modules
}

install_prefetched_modules() {
  [[ ! -e $STAGED/node_modules ]] || swap_modules
  unlock_modules
}

lock_modules() {
  exec 8<"$ROOT"
  flock 8
}

unlock_modules() { exec 8<&-; }

refuse_while_running() {
  local running
  running=$(platforms_of_this_checkout "$1")
  [[ -z $running ]] || fail "the dependencies changed while a platform runs from this checkout ($running)" \
    "Type: sudo $0 restart --data $running   or, to stop it: sudo $0 down --data $running"
}

# npm works in a directory beside: killed half-way, the modules of before are still whole.
stage_modules() {
  have npm || fail "npm is missing" "Install Debian's package npm, or any Node with npm, then try again."
  rm -rf "$STAGED" "$REPLACED"
  mkdir "$STAGED" || fail "$ROOT cannot be written to; dependencies are missing there" "Type: sudo $0 ... once, then again."
  cp "$ROOT/package.json" "$ROOT/package-lock.json" "$ROOT/.npmrc" "$STAGED/"
  if ! step "Installing dependencies (npm ci)" env -C "$STAGED" -u NODE_OPTIONS npm ci --ignore-scripts --no-audit --no-fund; then
    rm -rf "$STAGED"
    [[ -z $INTERRUPTED ]] || exit 130
    fail "npm ci failed" "Mend what is said above, then try again."
  fi
  link_node
  lockfile_identity >"$STAGED/node_modules/.pushboat-lockfile"
}

# npm 9 (Debian 12's) removes the link again together with the package for the other processor, whose link has the same name.
link_node() {
  local processor
  case $(uname -m) in x86_64) processor=x64 ;; aarch64) processor=arm64 ;; *) return 0 ;; esac
  local program=node-linux-$processor/bin/node
  [[ -e $STAGED/node_modules/.bin/node || ! -x $STAGED/node_modules/$program ]] || ln -sf "../$program" "$STAGED/node_modules/.bin/node"
}

swap_modules() {
  [[ ! -e $ROOT/node_modules ]] || mv "$ROOT/node_modules" "$REPLACED"
  mv "$STAGED/node_modules" "$ROOT/node_modules" || fail "$ROOT/node_modules could not be replaced"
  rm -rf "$STAGED" "$REPLACED"
}

# Data directories of platforms that run from here, except the one given.
platforms_of_this_checkout() {
  local run
  for run in /run/pushboat/*/; do
    [[ -r $run/checkout && $(<"$run/checkout") == "$ROOT" && $(<"$run/data") != "$1" ]] || continue
    if alive "$run/processes/control" || alive "$run/processes/router"; then
      cat "$run/data"
      return
    fi
  done
}

# Sets NODE. The pinned binary is not for every machine (musl, an old kernel): it has to run, not only to exist.
find_node() {
  local candidate major
  for candidate in "$ROOT/node_modules/.bin/node" "$(type -P node)"; do
    major=$("$candidate" --version 2>/dev/null) || continue # v24.21.0
    major=${major#v} major=${major%%.*}
    [[ $major =~ ^[0-9]+$ ]] && ((major >= OLDEST_NODE)) || continue
    NODE=$candidate
    return
  done
  fail "there is no Node $OLDEST_NODE or newer: the pinned one does not run here ($ROOT/node_modules/.bin/node)" \
    "Install Node $OLDEST_NODE so that \`node\` finds it, then try again."
}
