# `test`: sets up what is missing like `up`, runs every vitest project, and ends with the line `N passed, N failed[, N skipped]`.

command_test() {
  require_root test "$@"
  trap on_interrupt INT TERM HUP
  prepare_host
  ensure_modules
  find_node
  leave_if_interrupted
  trap - INT TERM HUP
  local counts result passed failed skipped
  counts=$(mktemp)
  env -C "$ROOT" "PATH=$ROOT/node_modules/.bin:$PATH" "PUSHBOAT_TEST_COUNTS=$counts" "$NODE" "$ROOT/node_modules/vitest/vitest.mjs" run \
    --reporter=default "--reporter=$ROOT/test/support/count-reporter.ts" "$@"
  result=$?
  read -r passed failed skipped <"$counts" || { passed=0 failed=1 skipped=0; } # vitest itself broke
  rm -f "$counts"
  ((failed == 0)) || result=1
  # A skipped test proves nothing; in CI that is a failure.
  [[ ${CI-} != true && ${CI-} != 1 ]] || ((skipped == 0)) || result=1
  if ((skipped)); then echo "$passed passed, $failed failed, $skipped skipped"; else echo "$passed passed, $failed failed"; fi
  exit "$result"
}
