/** Whether a step failed because it could not reach where packages come from: told by the tool's own words, never by the app's. Pure. */

/** Tool -> how it says so. A package that does not exist, or that nobody may see, is no such failure. */
const SIGNS: readonly (readonly [string, RegExp])[] = [
  ["apt", /^E: Failed to fetch .*(?:Could not|Temporary failure|Connection|Unable to connect|5\d\d )/m],
  [
    "npm",
    /^npm (?:error|ERR!) (?:code (?:E5\d\d|E429|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EIDLETIMEOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)$|network )/m,
  ],
  ["pnpm", /ERR_PNPM_(?:META_FETCH_FAIL|FETCH_5\d\d)/],
  [
    "yarn",
    /trouble with your network connection|^error (?:An unexpected error occurred: )?"?https?:.*(?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ESOCKETTIMEDOUT|Request failed "5\d\d)/m,
  ],
  ["yarn", /RequestError: .*(?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN)|YN0035.*(?:Response Code: 5\d\d|HTTPError)/],
  [
    "uv",
    /error sending request for url|(?:Failed to (?:fetch|download)|Request failed after)[\s\S]*(?:dns error|tcp connect error|operation timed out|HTTP status server error|connection reset)/i,
  ],
  ["pip", /NewConnectionError|Max retries exceeded with url|ReadTimeoutError.*HTTPSConnectionPool/],
  [
    "cargo",
    /spurious network error|(?:failed to (?:download|fetch|get)|unable to update registry|download of)[\s\S]*(?:Could(?:n't| not) resolve host|Couldn't connect|Could not connect|Failed to connect|Timeout was reached|got 5\d\d|SSL connect error|Connection reset)/i,
  ],
  [
    "Maven",
    /^\[ERROR\].*Could not transfer (?:artifact|metadata) .*(?:Unknown host|Name or service not known|Temporary failure|Connection (?:refused|timed out|reset)|Connect to .* failed|[Rr]ead timed out|No route to host|handshake|status(?: code)?: (?:5\d\d|429))/m,
  ],
  [
    "Gradle",
    /Could not (?:GET|HEAD) '[^']*'\.(?: Received status code (?:5\d\d|429)|\s+> .*(?:Name or service not known|Temporary failure|Connect to .* failed|Connection (?:refused|reset)|timed out))/,
  ],
  ["gradlew", /(?:UnknownHostException|ConnectException|SocketTimeoutException|NoRouteToHostException)[\s\S]*gradlew could not fetch/],
  ["Bundler", /^(?:Could not reach host |Network error while fetching |Could not fetch specs from |Bundler::HTTPError Could not )/m],
  ["Composer", /curl error (?:6|7|28|35|52|56) while downloading|could not be downloaded \(HTTP\/[\d.]+ (?:5\d\d|429)/],
  [
    "go",
    /^(?:go: |\s+|.*\.go:\d+:\d+: ).*(?:dial tcp[ :].*(?:lookup|i\/o timeout|connection refused|no route)|: (?:429|5\d\d) [A-Z][\w ]+$|TLS handshake timeout)/m,
  ],
];

/** The tool that could not reach its registry; null: something else went wrong. */
export function unreachableFor(lastLines: readonly string[]): string | null {
  const text = lastLines.join("\n");
  return SIGNS.find(([, sign]) => sign.test(text))?.[0] ?? null;
}
