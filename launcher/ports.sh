# The ports that the platform is about to listen on: a busy one is named before anything is started.

# check_port NAME OPTION
check_port() {
  local port bind line address holder
  port=$(setting "$1")
  bind=$(setting BIND)
  while read -r _ _ _ address _ holder; do
    [[ ${address##*:} == "$port" ]] || continue
    address=${address%:*}
    case $address in
      '*' | 0.0.0.0 | '[::]' | "$bind" | "[$bind]") ;;
      *) [[ $bind == 0.0.0.0 || $bind == :: ]] || continue ;;
    esac
    [[ $holder =~ \(\(\"([^\"]*)\",pid=([0-9]+) ]] && holder="${BASH_REMATCH[1]}, process ${BASH_REMATCH[2]}"
    fail "port $port is in use (by ${holder:-another process})" "Stop that, or choose another port: $2 PORT"
  done < <(ss -Hltnp 2>/dev/null)
}

# The HTTPS port may be busy unless HTTPS was asked for: the router goes on without it.
check_ports() {
  alive "$RUN/processes/router" || check_port HTTP_PORT --http-port
  [[ $(setting TLS) != internal ]] || alive "$RUN/processes/router" || check_port HTTPS_PORT --https-port
  alive "$RUN/processes/control" || check_port SSH_PORT --ssh-port
}
