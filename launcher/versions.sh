# Versions of Pushboat on this machine: PREFIX/versions/VERSION-COMMIT, each whole with its modules, and PREFIX/current, a link to one.
# Nothing in a version's directory changes once it is there, so that what runs from it is never pulled from under it.

readonly DEFAULT_DATA=/var/lib/pushboat
# The version that is left stays, for the way back.
readonly VERSIONS_KEPT=2

# Sets SERVICE and PREFIX: the default data directory has the plain name, every other platform of the machine one with its id.
name_installation() {
  SERVICE=pushboat
  [[ $DATA == "$DEFAULT_DATA" ]] || SERVICE=pushboat-$PLATFORM
  PREFIX=/opt/$SERVICE
}

installed() { [[ -L $PREFIX/current ]]; }

require_installed() {
  installed || fail "Pushboat is not installed for $DATA (there is no $PREFIX/current)" "Type: sudo ./pushboat install --data $DATA"
}

# One `install`, `upgrade` or `uninstall` at a time; what is started meanwhile must not hold the lock: start it with 5<&-.
lock_installation() {
  exec 5<"$PREFIX" || fail "$PREFIX cannot be read"
  flock -n 5 && return
  fail "another ./pushboat changes the installation in $PREFIX" "Wait until it is done, then try again."
}

# place_version SOURCE: copies it, with modules; sets PLACED. A version that is there already is taken as it is.
place_version() {
  local source=$1 staged=$PREFIX/versions/.staged
  PLACED=$PREFIX/versions/$(version_name "$source") || exit
  [[ ! -e $PLACED ]] || return 0
  heading "Placing $(basename "$PLACED")"
  rm -rf "$staged"
  mkdir -p -m 0755 "$PREFIX/versions" && mkdir "$staged" || fail "$PREFIX/versions could not be made"
  copy_tree "$source" "$staged" || fail "$source could not be copied to $staged"
  furnish_modules "$source" "$staged" || { rm -rf "$staged" && exit 1; }
  chown -R root:root "$staged" && mv -T "$staged" "$PLACED" || fail "$PLACED could not be made"
}

version_of() { sed -n 's/^ *"version": *"\([^"]*\)".*/\1/p' "$1/package.json" | head -n 1; }

# 0.2.0-1a2b3c4d5e6f: the commit, or where there is no repository, the first digits of a sum over all files.
version_name() {
  local identity
  if is_repository "$1"; then
    identity=$(trusting_git -C "$1" rev-parse --short=12 HEAD) || fail "$1 has no commit"
  else
    identity=$(cd "$1" && find . -path ./node_modules -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)
  fi
  printf '%s-%s' "$(version_of "$1")" "$identity"
}

is_repository() { [[ -e $1/.git ]]; }

# The checkout belongs to whoever cloned it, and we are root.
trusting_git() { git -c safe.directory='*' "$@"; }

copy_tree() {
  if is_repository "$1"; then
    [[ -z $(trusting_git -C "$1" status --porcelain) ]] || detail "changes in $1 that are not committed are left out"
    trusting_git -C "$1" archive HEAD | tar -x -C "$2"
  else
    tar -C "$1" --exclude=./node_modules -c . | tar -x -C "$2"
  fi
}

# Those of the checkout where they are the right ones, else npm's, by the version's own rules; without what only development needs.
furnish_modules() (
  ROOT=$2
  # shellcheck source=launcher/modules.sh
  source "$2/launcher/modules.sh"
  if [[ -r $1/node_modules/.pushboat-lockfile && $(<"$1/node_modules/.pushboat-lockfile") == "$(lockfile_identity)" ]]; then
    copy_modules "$1" "$2"
  else
    ensure_modules
    mkdir "$2/.all" && mv "$2/node_modules" "$2/.all/" && copy_modules "$2/.all" "$2" && rm -rf "$2/.all"
  fi
)

# copy_modules FROM TO: the packages that TO's lockfile does not call dev.
copy_modules() (
  ROOT=$1
  find_node
  "$NODE" -e 'const { packages } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    for (const [path, { dev }] of Object.entries(packages)) if (path !== "" && !dev) console.log(path);' "$2/package-lock.json" |
    {
      while read -r path; do [[ ! -d $1/$path ]] || printf '%s\n' "$path"; done
      printf '%s\n' node_modules/.bin/node node_modules/.pushboat-lockfile
    } | tar -C "$1" -c -T - | tar -x -C "$2"
)

# The link is replaced in one step: there is always a current version.
switch_to() {
  ln -sfn "versions/$(basename "$1")" "$PREFIX/.current.new" && mv -T "$PREFIX/.current.new" "$PREFIX/current" ||
    fail "$PREFIX/current could not be switched"
}

# forget_versions KEPT...: all but these.
forget_versions() {
  local directory
  for directory in "$PREFIX"/versions/*/; do
    directory=${directory%/}
    [[ " $* " == *" $directory "* ]] || rm -rf "$directory"
  done
}
