# Debian's packages: only those whose program is missing, and without letting Debian start any service.

POLICY=/usr/sbin/policy-rc.d
POLICY_SAVED=$POLICY.before-pushboat
POLICY_MARK="# written by pushboat while it installs packages"

# program=package; a path is looked for as it is.
NEEDED=(
  runc=runc conmon=conmon /usr/bin/tini-static=tini ip=iproute2 nft=nftables mmdebstrap=mmdebstrap redis-server=redis-server
  zstd=zstd git=git ssh-keygen=openssh-client perl=perl-base setpriv=util-linux flock=util-linux useradd=passwd tar=tar mke2fs=e2fsprogs
  /etc/ssl/certs/ca-certificates.crt=ca-certificates
)

# What only the tests need: the usual tools that exported images are read with, a compiler for the attacker of docs/isolation.md.
NEEDED_BY_TESTS=(skopeo=skopeo umoci=umoci pebble=pebble ps=procps rsyslogd=rsyslog
  "/usr/lib/$HOSTTYPE-linux-gnu/rsyslog/lmnsd_gtls.so=rsyslog-gnutls" gcc=gcc systemd-analyze=systemd /usr/include/stdlib.h=libc6-dev)

install_packages() {
  local needed missing=()
  for needed in "${NEEDED[@]}"; do
    have "${needed%%=*}" || missing+=("${needed##*=}")
  done
  have npm || have_modules || missing+=(nodejs npm)
  [[ ! -e $POLICY_SAVED ]] || restore_policy # a run before this one was killed
  ((${#missing[@]})) || return 0
  have apt-get || fail "these are missing and there is no apt-get to install them: ${missing[*]}" "Install them, then try again."
  forbid_service_starts
  trap restore_policy EXIT
  STEP_SHIELDED=yes
  step "Installing Debian packages: ${missing[*]}" bash -c "$(declare -f apt_install); apt_install \"\$@\"" apt "${missing[@]}"
  local result=$?
  STEP_SHIELDED=
  [[ " ${missing[*]} " != *" redis-server "* ]] || disable_redis_service
  restore_policy
  trap - EXIT
  ((result == 0)) || fail "apt-get could not install: ${missing[*]}" "Mend what is said above, then try again."
  hash -r
}

have() {
  if [[ $1 == /* ]]; then [[ -e $1 ]]; else command -v "$1" >/dev/null; fi
}

# The lists are fetched only where there are none or they are too old for what is wanted.
apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=300)
  compgen -G "/var/lib/apt/lists/*Packages*" >/dev/null && apt-get "${options[@]}" install "$@" && return
  apt-get -q -o DPkg::Lock::Timeout=300 update && apt-get "${options[@]}" install "$@"
}

# invoke-rc.d(8): exit code 101 forbids the action.
forbid_service_starts() {
  [[ ! -e $POLICY ]] || mv "$POLICY" "$POLICY_SAVED"
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
  chmod 0755 "$POLICY"
}

restore_policy() {
  if grep -qsF "$POLICY_MARK" "$POLICY"; then rm -f "$POLICY"; fi
  [[ ! -e $POLICY_SAVED ]] || mv -f "$POLICY_SAVED" "$POLICY"
}

# Ours runs on a unix socket; Debian's own service shall not begin at the next boot because we wanted the program.
disable_redis_service() {
  if [[ -d /run/systemd/system ]]; then systemctl -q disable redis-server.service; else update-rc.d redis-server disable; fi >/dev/null 2>&1
  return 0
}
