# `status`: control answers it where it runs; without it we say what does run, and fail.

command_status() {
  ((EUID == 0)) || command_hand_over status "$@" # somebody at another machine, whose git remote names the platform
  read_options --data rest -- "$@"
  load_settings
  if alive "$RUN/processes/control"; then
    find_node
    hand_over status --data "$DATA" "${ARGUMENTS[@]}"
  fi
  local name running=()
  for name in supervisor router redis; do
    alive "$RUN/processes/$name" && running+=("{\"name\":\"$name\",\"pid\":$RECORDED_PID}")
  done
  if [[ " ${ARGUMENTS[*]-} " == *" --json "* ]]; then
    local IFS=,
    printf '{"processes":[%s]}\n' "${running[*]-}"
  elif ((${#running[@]})); then
    echo "Pushboat's control process is down ($DATA); see $DATA/logs/platform/control.log"
  else
    echo "Pushboat is down ($DATA)."
  fi
  exit 1
}
