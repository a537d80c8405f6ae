import { describe, expect, it } from "vitest";
import { unreachableFor } from "../../../builder/network-failure.ts";

describe("a step that could not reach its registry", () => {
  it.each([
    ["npm", "npm error code ECONNREFUSED\nnpm error syscall connect"],
    ["npm", "npm error code E503\nnpm error 503 Service Unavailable - GET https://registry.example/left-pad"],
    ["npm", "npm ERR! network request to https://registry.example/left-pad failed"],
    ["pnpm", " ERR_PNPM_META_FETCH_FAIL  GET https://registry.example/x: request failed"],
    ["yarn", 'error An unexpected error occurred: "https://registry.example/x: getaddrinfo ENOTFOUND registry.example".'],
    [
      "uv",
      "error: Failed to fetch: `https://index.example/simple/flask/`\n  Caused by: Request failed after 3 retries\n  Caused by: dns error",
    ],
    ["pip", "ERROR: Could not install packages due to an OSError: HTTPSConnectionPool: Max retries exceeded with url: /simple/flask/"],
    ["cargo", "error: failed to download from `https://index.example/x`\n\nCaused by:\n  [6] Couldn't resolve host name"],
    ["cargo", "warning: spurious network error (3 tries remaining): [28] Timeout was reached"],
    ["go", 'go: example.com/x@v1.0.0: Get "https://proxy.example/x": dial tcp: lookup proxy.example: no such host'],
    ["go", 'main.go:3:8: example.com/x@v1: Get "https://proxy.example/x": dial tcp 192.0.2.1:443: i/o timeout'],
    [
      "Maven",
      "[ERROR] Plugin x:y:1 or one of its dependencies could not be resolved: Could not transfer artifact x:y:pom:1 from/to central (https://maven.example/x): transfer failed for https://maven.example/x/y.pom: maven.example: Name or service not known",
    ],
    [
      "Maven",
      "[ERROR] Could not transfer metadata x:y from/to central (https://maven.example/x): status code: 503, reason phrase: Busy (503)",
    ],
    [
      "Gradle",
      "> Could not resolve x:y:1.\n   > Could not GET 'https://maven.example/x.pom'.\n      > maven.example: Name or service not known",
    ],
    ["gradlew", 'Exception in thread "main" java.net.UnknownHostException: gradle.example\ngradlew could not fetch or start its Gradle: x'],
    ["Bundler", "Could not reach host gems.example. Check your network connection and try again."],
    ["Composer", "curl error 6 while downloading https://composer.example/packages.json: Could not resolve host: composer.example"],
    ["apt", "E: Failed to fetch http://mirror.example/x.deb  Could not connect to mirror.example:80"],
  ])("is recognised by %s's own words", (tool, text) => {
    expect(unreachableFor(text.split("\n"))).toBe(tool);
  });

  it.each([
    ["a package that does not exist (npm)", "npm error code E404\nnpm error 404 Not Found - GET https://registry.example/nope"],
    [
      "a package that does not exist (uv)",
      "error: Failed to fetch: `https://index.example/nope/`\n  Caused by: HTTP status client error (404 Not Found)",
    ],
    ["a package that does not exist (Maven)", "[ERROR] Could not find artifact x:y:jar:1 in central (https://maven.example/x)"],
    [
      "a package that nobody may see (Maven)",
      "[ERROR] Could not transfer artifact x:y:pom:1 from/to own (https://maven.example): status code: 403",
    ],
    [
      "a package that does not exist (Bundler)",
      "Could not find gem 'nope' in rubygems repository https://gems.example/ or installed locally.",
    ],
    ["the app's own connection", "Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect\nnpm error code 1"],
    ["a Go test of the app", "--- FAIL: TestDial\n    main_test.go:10: it failed"],
    ["a compiler's error", "error[E0425]: cannot find value `x` in this scope"],
  ])("is not %s", (_, text) => {
    expect(unreachableFor(text.split("\n"))).toBeNull();
  });
});
