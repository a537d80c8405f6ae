# Settings: an option, else PUSHBOAT_* of the environment, else what `up` remembered in DATA/settings.env, else core/settings.ts's default.

declare -A OPTION_SETTINGS=(
  [--data]=DATA [--domain]=DOMAIN [--http-port]=HTTP_PORT [--https-port]=HTTPS_PORT [--ssh-port]=SSH_PORT [--bind]=BIND
  [--admin-key]=ADMIN_KEY [--tls]=TLS [--acme-dns-hook]=ACME_DNS_HOOK
)
declare -A GIVEN=()      # by option or by environment, without the PUSHBOAT_ prefix; REDIS_URL under its own name
declare -A SETTINGS=()   # what holds: given or remembered
# Options that are not settings: each fills the variable of its name.
declare -A OPTION_VARIABLES=([--from]=FROM [--to]=TO)
declare -A OPTION_FLAGS=([--detach]=DETACH [--purge]=PURGE [--yes]=YES [--json]=JSON [--fix]=FIX)
DETACH= PURGE= YES= JSON= FIX= FROM= TO=
ARGUMENTS=()             # what is left of the command line

# read_options ALLOWED... -- ARGUMENT...: takes `--name value` and `--name=value`; ALLOWED `rest` keeps what it does not know.
read_options() {
  local allowed=" " name value
  while [[ $1 != -- ]]; do
    allowed+="$1 "
    shift
  done
  shift
  while (($#)); do
    name=${1%%=*}
    if [[ $allowed == *" $name "* && -n ${OPTION_FLAGS[$name]-} ]]; then
      printf -v "${OPTION_FLAGS[$name]}" yes
    elif [[ $allowed == *" $name "* ]]; then
      if [[ $1 == *=* ]]; then value=${1#*=}; else value=${2-} && shift; fi
      [[ -n $value ]] || misused "$name needs a value"
      if [[ -n ${OPTION_VARIABLES[$name]-} ]]; then printf -v "${OPTION_VARIABLES[$name]}" %s "$value"; else GIVEN[${OPTION_SETTINGS[$name]}]=$value; fi
    elif [[ $allowed == *" rest "* ]]; then
      ARGUMENTS+=("$1")
    elif [[ $1 == --help || $1 == -h ]]; then
      command_help
      exit 0
    else
      misused "unknown option: $1"
    fi
    (($#)) && shift
  done
}

# After read_options: fills in the environment, finds the data directory, reads what it remembers.
load_settings() {
  local variable name
  for variable in $(compgen -e PUSHBOAT_); do
    name=${variable#PUSHBOAT_}
    [[ -n ${GIVEN[$name]-} || -z ${!variable} ]] || GIVEN[$name]=${!variable}
  done
  [[ -z ${REDIS_URL-} ]] || GIVEN[REDIS_URL]=$REDIS_URL
  DATA=$(realpath -m -- "${GIVEN[DATA]:-/var/lib/pushboat}")
  [[ $DATA != *[[:cntrl:]]* && $DATA != / ]] || fail "$(printf '%q' "$DATA") cannot be a data directory"
  PLATFORM=$(printf %s "$DATA" | sha256sum)
  PLATFORM=${PLATFORM:0:8}
  RUN=/run/pushboat/$PLATFORM
  unset 'GIVEN[DATA]' 'GIVEN[ADMIN_KEYS_FILE]'
  SETTINGS=()
  recall_settings
  for name in "${!GIVEN[@]}"; do [[ $name == ADMIN_KEY ]] || SETTINGS[$name]=${GIVEN[$name]}; done
}

recall_settings() {
  local line
  [[ -r $DATA/settings.env ]] || return 0
  while IFS= read -r line; do
    [[ $line =~ ^(PUSHBOAT_)?([A-Z][A-Z0-9_]*)=(.*)$ ]] && SETTINGS[${BASH_REMATCH[2]}]=${BASH_REMATCH[3]}
  done <"$DATA/settings.env"
}

# Given now, and other than what a running platform was started with.
changed_settings() {
  local name
  declare -A now=()
  for name in "${!SETTINGS[@]}"; do now[$name]=${SETTINGS[$name]}; done
  SETTINGS=()
  recall_settings
  for name in "${!now[@]}"; do
    [[ ${SETTINGS[$name]-$(default_setting "$name")} == "${now[$name]}" ]] || printf '%s ' "$name"
  done
}

setting() { printf %s "${SETTINGS[$1]:-$(default_setting "$1")}"; }

# The defaults that the launcher itself has to know; the same as in core/settings.ts.
default_setting() {
  case $1 in
    DOMAIN) printf localhost ;;
    HTTP_PORT) printf 8080 ;;
    HTTPS_PORT) printf 8443 ;;
    SSH_PORT) printf 2222 ;;
    BIND) printf 0.0.0.0 ;;
    CACHE) printf /var/cache/pushboat ;;
  esac
}

check_settings() {
  local name value seen=" "
  for name in HTTP_PORT HTTPS_PORT SSH_PORT; do
    value=$(setting "$name")
    [[ $value =~ ^[0-9]{1,5}$ ]] && ((10#$value >= 1 && 10#$value <= 65535)) || misused "$(option_of "$name") is not a port: $(printf %q "$value")"
    [[ $seen != *" $value "* ]] || misused "two of --http-port, --https-port and --ssh-port are $value"
    seen+="$value "
  done
  [[ $(setting TLS) =~ ^(|off|internal|acme)$ ]] || misused "--tls is acme, internal or off, not $(printf %q "$(setting TLS)")"
  value=$(setting ACME_DNS_HOOK)
  [[ -z $value || ($value == /* && -f $value && -x $value) ]] ||
    misused "--acme-dns-hook needs the absolute path of a program, not $(printf %q "$value")"
  [[ $(setting BIND) =~ ^[0-9a-fA-F.:]+$ ]] || misused "--bind needs an IP address, not $(printf %q "$(setting BIND)")"
  [[ $(setting DOMAIN) =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ ]] || misused "--domain needs a host name in lower case, not $(printf %q "$(setting DOMAIN)")"
  for name in "${!SETTINGS[@]}"; do
    [[ ${SETTINGS[$name]} != *[[:cntrl:]]* ]] || misused "PUSHBOAT_$name holds a control character"
  done
}

option_of() {
  local option
  for option in "${!OPTION_SETTINGS[@]}"; do
    [[ ${OPTION_SETTINGS[$option]} != "$1" ]] || printf %s "$option"
  done
}

remember_settings() {
  local temporary=$DATA/.settings.env.$$
  (umask 077 && setting_lines | sort >"$temporary") && mv -f "$temporary" "$DATA/settings.env"
}

# Lines NAME=value as control's environment has them.
setting_lines() {
  local name
  for name in "${!SETTINGS[@]}"; do
    if [[ $name == REDIS_URL ]]; then printf '%s=%s\n' "$name" "${SETTINGS[$name]}"; else printf 'PUSHBOAT_%s=%s\n' "$name" "${SETTINGS[$name]}"; fi
  done
}

PASSED_VARIABLES=(LANG LC_ALL TZ {http,https,ftp,all,no}_proxy {HTTP,HTTPS,FTP,ALL,NO}_PROXY NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA
  SSL_CERT_{FILE,DIR} CURL_CA_BUNDLE REQUESTS_CA_BUNDLE PIP_CERT GIT_SSL_CAINFO CARGO_HTTP_CAINFO)

# platform_env COMMAND...: with our settings, PATH, HOME, LANG, TZ, proxy and CA variables, and nothing else of the caller's environment.
platform_env() {
  local variable line environment=("PUSHBOAT_DATA=$DATA" "PATH=$PATH" "HOME=${HOME:-/root}" "NODE_COMPILE_CACHE=$COMPILE_CACHE")
  for variable in "${PASSED_VARIABLES[@]}"; do
    [[ -z ${!variable-} ]] || environment+=("$variable=${!variable}")
  done
  while IFS= read -r line; do environment+=("$line"); done < <(setting_lines)
  [[ ! -e $RUN/admin-keys ]] || environment+=("PUSHBOAT_ADMIN_KEYS_FILE=$RUN/admin-keys")
  env -i "${environment[@]}" "$@"
}
