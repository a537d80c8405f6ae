# `doctor` and `support-bundle`: what is wrong with this machine or this platform, why it matters, and what mends it. Works where the platform is down.

command_doctor() {
  read_options --data --json --fix -- "$@"
  require_root doctor "$@"
  prepare_look
  platform_env "$NODE" "$ROOT/launcher/doctor.ts" ${JSON:+--json} ${FIX:+--fix}
}

command_support_bundle() {
  read_options --data --to -- "$@"
  require_root support-bundle "$@"
  prepare_look
  local file=${TO:-$PWD/pushboat-support-$(date -u +%Y%m%dT%H%M%SZ).tar.gz}
  (umask 077 && platform_env "$NODE" "$ROOT/launcher/support-bundle.ts" "$(realpath -m -- "$file")")
}

prepare_look() {
  load_settings
  [[ -d $ROOT/node_modules ]] || ensure_modules
  find_node
  [[ -d $DATA ]] || fail "there is no $DATA" "Give the data directory: --data DIR"
  mkdir -p "$(setting CACHE)"
}
