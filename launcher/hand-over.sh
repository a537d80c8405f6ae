# Every other command: receiver/local-client.ts takes it to the admin socket of this machine, or over SSH to the git remote `pushboat`.

command_hand_over() {
  local command=$1
  shift
  take_data_option "$command" "$@"
  ensure_modules
  find_node
  hand_over "$command" "${ARGUMENTS[@]}"
}

hand_over() {
  [[ -z ${DATA-} ]] || export PUSHBOAT_DATA=$DATA
  ((EUID != 0)) || export NODE_COMPILE_CACHE=$COMPILE_CACHE
  exec "$NODE" "$ROOT/receiver/local-client.ts" "$@"
}

# --data is ours, everything else is the command's. What `run` starts may have a --data of its own: there it has to stand first.
take_data_option() {
  local command=$1 taken=
  shift
  ARGUMENTS=()
  while (($#)); do
    if [[ -z $taken && $1 == --data && -n ${2-} ]]; then
      taken=$2
      shift
    elif [[ -z $taken && $1 == --data=?* ]]; then
      taken=${1#--data=}
    elif [[ $1 == -- || $command == run ]]; then
      ARGUMENTS+=("$@")
      break
    else
      ARGUMENTS+=("$1")
    fi
    shift
  done
  taken=${taken:-${PUSHBOAT_DATA-}}
  [[ -z $taken ]] || DATA=$(realpath -m -- "$taken")
}
