# `test`: sets up what is missing like `up`, runs every vitest project, and ends with the line `N passed, N failed[, N skipped]`.

command_test() {
  require_root test "$@"
  trap on_interrupt INT TERM HUP
  NEEDED+=("${NEEDED_BY_TESTS[@]}")
  prepare_host
  ensure_modules
  find_node
  prepare_for_tests
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

# The base image, once for the machine: here its progress is seen, and no test has to wait for it. The data directory is for nothing else.
prepare_for_tests() {
  local result
  DATA=$(mktemp -d /var/tmp/pushboat-prepare-XXXXXX)
  GIVEN=([DATA]=$DATA)
  load_settings
  make_run_directory
  run_live prepare
  result=$?
  run_live teardown && remove_run_directory
  rm -rf --one-file-system "$DATA"
  ((result == 0)) || fail "the base image could not be made" "Mend what is said above, then try again."
}
