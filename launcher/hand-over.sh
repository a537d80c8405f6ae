# Every other command: receiver/local-client.ts takes it to the admin socket of this machine, or over SSH to the git remote `pushboat`.

command_hand_over() {
  [[ -d $ROOT/node_modules ]] || ensure_modules
  find_node
  hand_over "$@"
}

hand_over() {
  ((EUID != 0)) || [[ ! -d $COMPILE_CACHE ]] || export NODE_COMPILE_CACHE=$COMPILE_CACHE
  exec "$NODE" "$ROOT/receiver/local-client.ts" "$@"
}
