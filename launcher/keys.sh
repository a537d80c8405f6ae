# Administrators' keys for control: --admin-key, else at the first start those of whoever called. Left in RUN/admin-keys.

# A line of authorized_keys without options: a key that was restricted there (command="...", from="...") is not made an administrator's.
PLAIN_KEY='^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ +[A-Za-z0-9+/]+=*( .*)?$'

NO_ADMINISTRATOR= # nobody can come in yet, and `up` says what to do

check_admin_key() {
  local file=${GIVEN[ADMIN_KEY]-}
  [[ -n $file ]] || return 0
  [[ -r $file && ! -d $file ]] || fail "--admin-key: $file cannot be read"
  plain_keys "$file" >/dev/null || fail "--admin-key: $file holds no SSH public key" "Give the file that ends in .pub, for example ~/.ssh/id_ed25519.pub"
}

collect_admin_keys() {
  local keys=$RUN/admin-keys
  rm -f "$keys"
  if [[ -n ${GIVEN[ADMIN_KEY]-} ]]; then
    (umask 077 && plain_keys "${GIVEN[ADMIN_KEY]}" >"$keys")
  elif [[ ! -e $DATA/state.db ]]; then
    (umask 077 && caller_keys >"$keys")
    [[ -s $keys ]] || { rm -f "$keys" && NO_ADMINISTRATOR=yes; }
  fi
}

caller_keys() {
  local home
  home=$(getent passwd "${SUDO_USER:-root}" | cut -d: -f6)
  [[ -n $home && -d $home/.ssh ]] || return 0
  local files=("$home"/.ssh/*.pub "$home/.ssh/authorized_keys")
  plain_keys "${files[@]}" | awk '!seen[$2]++'
}

plain_keys() { cat -- "$@" 2>/dev/null | tr -d '\r' | grep -E "$PLAIN_KEY"; }
