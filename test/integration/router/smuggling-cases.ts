/** Requests that two readers could understand in two ways, by the names under which the attacks were published. */

/** refused: the app never sees it whole. Else: what the app sees, and nothing more. */
export type Expected = "refused" | readonly string[];
export interface Case {
  readonly title: string;
  readonly text: string;
  readonly expected: Expected;
}

const HOST = "Host: blog.localhost";
export const SMUGGLED = `GET /smuggled HTTP/1.1\r\n${HOST}\r\n\r\n`;
const LENGTH = `Content-Length: ${SMUGGLED.length}`;
const CHUNKED = "Transfer-Encoding: chunked";
/** Chunked: ends at once, the rest would be a request. Of a length: all of it is body. */
const ENDED = `0\r\n\r\n${SMUGGLED}`;
/** The smuggled request is inside a chunk. */
const INSIDE = `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
const FIRST = ["POST /first"];

const request = (line: string, headers: readonly string[], body = "") => `${line}\r\n${[HOST, ...headers].join("\r\n")}\r\n\r\n${body}`;
const post = (headers: readonly string[], body = "") => request("POST /first HTTP/1.1", headers, body);
const refused = (title: string, text: string): Case => ({ title, text, expected: "refused" });
const seen = (title: string, text: string, expected: readonly string[] = FIRST): Case => ({ title, text, expected });
const shown = (text: string) => JSON.stringify(text).slice(1, -1);

const ENDED_LENGTH = `Content-Length: ${ENDED.length}`;
const CL_TE: readonly Case[] = [
  refused("a length, then chunked", post([ENDED_LENGTH, CHUNKED], ENDED)),
  refused("a length of 0, then chunked", post(["Content-Length: 0", CHUNKED], ENDED)),
  refused("a length of 6, then chunked", post(["Content-Length: 6", CHUNKED], `0\r\n\r\nG`)),
  refused("names in lower case", post([ENDED_LENGTH.toLowerCase(), CHUNKED.toLowerCase()], ENDED)),
  refused("names in upper case", post([ENDED_LENGTH.toUpperCase(), "TRANSFER-ENCODING: chunked"], ENDED)),
  refused("the coding in upper case", post([ENDED_LENGTH, "Transfer-Encoding: CHUNKED"], ENDED)),
  refused("the coding behind a tab", post([ENDED_LENGTH, "Transfer-Encoding:\tchunked"], ENDED)),
  refused("the coding before a tab", post([ENDED_LENGTH, "Transfer-Encoding: chunked\t"], ENDED)),
  refused("other headers in between", post([ENDED_LENGTH, "X-A: 1", "X-B: 2", CHUNKED], ENDED)),
  refused("of a GET", request("GET /first HTTP/1.1", [ENDED_LENGTH, CHUNKED], ENDED)),
  refused("of HTTP/1.0", request("POST /first HTTP/1.0", [ENDED_LENGTH, CHUNKED], ENDED)),
  refused("HTTP/1.0 with chunked alone", request("POST /first HTTP/1.0", [CHUNKED], ENDED)),
  refused("with Expect", post([ENDED_LENGTH, CHUNKED, "Expect: 100-continue"], ENDED)),
  refused("with Connection naming the coding", post([ENDED_LENGTH, CHUNKED, "Connection: transfer-encoding"], ENDED)),
  refused("with Connection naming the length", post([ENDED_LENGTH, CHUNKED, "Connection: content-length"], ENDED)),
  seen("a lookalike of the coding with an underscore is dropped", post([ENDED_LENGTH, "Transfer_Encoding: chunked"], ENDED)),
  seen("another header that ends in Transfer-Encoding means nothing", post([ENDED_LENGTH, "X-Transfer-Encoding: chunked"], ENDED)),
  seen("TE is not Transfer-Encoding", post([ENDED_LENGTH, "TE: chunked"], ENDED)),
];

const TE_CL: readonly Case[] = [
  ...["4", "0", "3", "+4", "-4", "4 ", " 4", "0004", "999999", "4,4", "abc", ""].map((length) =>
    refused(`chunked, then the length ${shown(length)}`, post([CHUNKED, `Content-Length: ${length}`], INSIDE)),
  ),
  refused("of a PUT", request("PUT /first HTTP/1.1", [CHUNKED, "Content-Length: 4"], INSIDE)),
  refused("of a DELETE", request("DELETE /first HTTP/1.1", [CHUNKED, "Content-Length: 4"], INSIDE)),
  refused("a space before the colon of the length", post([CHUNKED, "Content-Length : 4"], INSIDE)),
  seen("a lookalike of the length with an underscore is dropped", post([CHUNKED, "Content_Length: 4"], INSIDE)),
  seen("another header that ends in Content-Length means nothing", post([CHUNKED, "X-Content-Length: 4"], INSIDE)),
  seen("a request inside a chunk is body", post([CHUNKED], INSIDE)),
  seen("a request behind the last chunk is the next one", post([CHUNKED], ENDED), ["POST /first", "GET /smuggled"]),
];

const TE_TE: readonly Case[] = [
  ...[
    "xchunked",
    "chunked, identity",
    "identity, chunked",
    "chunked, chunked",
    "identity",
    "gzip, chunked",
    "gzip",
    "chunked;q=0.5",
    '"chunked"',
    "chunked,",
    ",chunked",
    "chun ked",
    "chunke",
    "",
    "\x0bchunked",
    "chunked\x0c",
    "chunked\0",
    "chunked\x7f",
    "\xa0chunked",
    "chunked\x85",
    "'chunked'",
    "chunked chunked",
  ].map((coding) => refused(`the coding ${shown(coding)}`, post([`Transfer-Encoding: ${coding}`], ENDED))),
  refused("chunked twice", post([CHUNKED, CHUNKED], ENDED)),
  refused("chunked and identity", post([CHUNKED, "Transfer-Encoding: identity"], ENDED)),
  refused("identity and chunked", post(["Transfer-Encoding: identity", CHUNKED], ENDED)),
  refused("chunked and nothing", post([CHUNKED, "Transfer-Encoding:"], ENDED)),
  refused("a space before the colon", post(["Transfer-Encoding : chunked"], ENDED)),
  refused("a tab before the colon", post(["Transfer-Encoding\t: chunked"], ENDED)),
  refused("a space before the name", post([" Transfer-Encoding: chunked"], ENDED)),
  refused("a NUL in the name", post(["Transfer-Encoding\0: chunked"], ENDED)),
  refused("a name in quotes", post(['"Transfer-Encoding": chunked'], ENDED)),
  refused("a lookalike beside it, and a length", post([CHUNKED, "Transfer_Encoding: identity", LENGTH], ENDED)),
  seen("mixed case is chunked", post(["tRaNsFeR-eNcOdInG: cHuNkEd"], INSIDE)),
  seen("blanks around it are not part of it", post(["Transfer-Encoding: \t chunked \t "], INSIDE)),
];

const CL_0: readonly Case[] = [
  ...["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "POST", "PROPFIND", "REPORT"].map((method) =>
    seen(`the body of a ${method} is a body`, request(`${method} /first HTTP/1.1`, [LENGTH], SMUGGLED), [`${method} /first`]),
  ),
  seen("the body of a request that the app answers before it read it", request("POST /early HTTP/1.1", [LENGTH], SMUGGLED), [
    "POST /early",
  ]),
  seen("a length of 0: what follows is a request", post(["Content-Length: 0"], SMUGGLED), ["POST /first", "GET /smuggled"]),
  seen("no length at all: what follows is a request", post([], SMUGGLED), ["POST /first", "GET /smuggled"]),
  refused("a body in an upgrade", request("GET /first HTTP/1.1", ["Connection: upgrade", "Upgrade: websocket", LENGTH], SMUGGLED)),
];

const ODD: readonly Case[] = [
  refused("the same length twice", post([LENGTH, LENGTH], SMUGGLED)),
  refused("two lengths", post(["Content-Length: 0", LENGTH], SMUGGLED)),
  ...["0, 0", "+0", "-0", "0x0", "0 0", "0e0", "1_0", "\xd9\xa0", "", "0;", '"0"', "0.0", "9999999999999999", "NaN", "\x000", "0\x0b"].map(
    (length) => refused(`the length ${shown(length)}`, post([`Content-Length: ${length}`], SMUGGLED)),
  ),
  refused("a name without a colon", post(["Content-Length"], SMUGGLED)),
  refused("a colon without a name", post([": 0"], SMUGGLED)),
  refused("a name with a bracket", post(["X(: 1"], SMUGGLED)),
  refused("a name with a slash", post(["X/Y: 1"], SMUGGLED)),
  refused("a name with an umlaut", post(["X\xe4: 1"], SMUGGLED)),
  refused("a name with a space in it", post(["Content Length: 0"], SMUGGLED)),
  refused("two hosts", post([HOST], SMUGGLED)),
  refused("two different hosts", post(["Host: other.localhost"], SMUGGLED)),
  refused("an escape character in a value", post(["X: \x1b[0m"], SMUGGLED)),
  refused("another expectation", post(["Expect: 200-ok", LENGTH], SMUGGLED)),
  refused("a method with a bracket", request("PO(T /first HTTP/1.1", [LENGTH], SMUGGLED)),
  refused("HTTP/2.0 in the request line", request("POST /first HTTP/2.0", [LENGTH], SMUGGLED)),
  refused("HTTP/1.10 in the request line", request("POST /first HTTP/1.10", [LENGTH], SMUGGLED)),
  refused("two spaces in the request line", request("POST  /first HTTP/1.1", [LENGTH], SMUGGLED)),
  refused("a tab in the request line", request("POST\t/first HTTP/1.1", [LENGTH], SMUGGLED)),
  refused("no version", request("POST /first", [LENGTH], SMUGGLED)),
  seen("a length that Connection names stays one", post([LENGTH, "Connection: content-length"], SMUGGLED)),
  seen("a lookalike of the length beside it", post([LENGTH, "Content_Length: 0"], SMUGGLED)),
  seen("a long length of few digits", post([`Content-Length: 00000${SMUGGLED.length}`], SMUGGLED)),
];

const BARE: readonly Case[] = [
  refused("a length behind a bare CR", post([`X: 1\r${LENGTH}`], SMUGGLED)),
  refused("a length behind a bare LF", post([`X: 1\n${LENGTH}`], SMUGGLED)),
  refused("a coding behind a bare CR", post([LENGTH, `X: 1\r${CHUNKED}`], SMUGGLED)),
  refused("a coding behind a bare LF", post([LENGTH, `X: 1\n${CHUNKED}`], SMUGGLED)),
  refused("a coding behind CR CR LF", post([LENGTH, `X: 1\r\r\n${CHUNKED}`], SMUGGLED)),
  refused("a head that ends in bare LFs", `POST /first HTTP/1.1\n${HOST}\n\n${SMUGGLED}`),
  refused("a head whose empty line ends in LF", `POST /first HTTP/1.1\r\n${HOST}\r\n\n${SMUGGLED}`),
  refused("a head whose last line ends in LF", `POST /first HTTP/1.1\r\n${HOST}\n\r\n${SMUGGLED}`),
  refused("a request line that ends in LF", `POST /first HTTP/1.1\n${HOST}\r\n\r\n${SMUGGLED}`),
  refused("a request line that ends in CR", `POST /first HTTP/1.1\r${HOST}\r\n\r\n${SMUGGLED}`),
  refused("a CR in the target", request("POST /fi\rst HTTP/1.1", [LENGTH], SMUGGLED)),
  refused("a LF in the target", request("POST /fi\nst HTTP/1.1", [LENGTH], SMUGGLED)),
  refused("a bare LF before the request", `\n${post([LENGTH], SMUGGLED)}`),
  refused("a bare CR before the request", `\r${post([LENGTH], SMUGGLED)}`),
  refused("a CR before a colon", post(["X\r: 1", LENGTH], SMUGGLED)),
  refused("a CR behind a colon", post(["X:\r1", LENGTH], SMUGGLED)),
  seen("an empty line before the request is ignored", `\r\n${post([LENGTH], SMUGGLED)}`),
  ...[
    `5\nhello\r\n${ENDED}`,
    `5\rhello\r\n${ENDED}`,
    `5\r\rhello\r\n${ENDED}`,
    `5\r\nhello\n${ENDED}`,
    `5\r\nhello\r${ENDED}`,
    `5\r\nhello${ENDED}`,
    `5\r\nhelloX\r\n${ENDED}`,
    `5;a\nb\r\nhello\r\n${ENDED}`,
    `5;a\rb\r\nhello\r\n${ENDED}`,
    `0\r\n\n${SMUGGLED}`,
    `0\n\n${SMUGGLED}`,
    `0\r\nX: 1\n\r\n${SMUGGLED}`,
    `0\r\nX: 1\r\r\n${SMUGGLED}`,
    `\r\n${ENDED}`,
    `;a\r\n${ENDED}`,
    `-0\r\n\r\n${SMUGGLED}`,
    `+0\r\n\r\n${SMUGGLED}`,
    `0x0\r\n\r\n${SMUGGLED}`,
    `0 \r\n\r\n${SMUGGLED}`,
    ` 0\r\n\r\n${SMUGGLED}`,
    `0_0\r\n\r\n${SMUGGLED}`,
    `0000000000000\r\n\r\n${SMUGGLED}`,
    `fffffffffffffffff\r\n${SMUGGLED}`,
  ].map((body) => refused(`the chunks ${shown(body.replace(SMUGGLED, "..."))}`, post([CHUNKED], body))),
  seen("chunk extensions and trailers go nowhere", post([CHUNKED], `5;a="b c"\r\nhello\r\n0;x\r\nContent-Length: 9\r\nX: 1\r\n\r\n`)),
];

const absolute = (target: string, host = HOST) => `GET ${target} HTTP/1.1\r\n${host}\r\n\r\n`;
const AUTHORITY: readonly Case[] = [
  ...[
    "http://other.localhost/first",
    "http://blog.localhost:81/first",
    "http://blog.localhost@other.localhost/first",
    "http://other.localhost@blog.localhost/first",
    "http://blog.localhost\\@other.localhost/first",
    "http://blog.localhost.other.localhost/first",
    "https://blog.localhost/first",
    "ftp://blog.localhost/first",
    "http:///first",
    "http://",
    "http:/first",
    "http:first",
    "blog.localhost:80",
    "blog.localhost/first",
    "first",
    "*",
    "?first",
    "@other.localhost/first",
    "\\\\other.localhost\\first",
  ].map((target) => refused(`the target ${target}`, absolute(target))),
  refused("CONNECT to a host", `CONNECT blog.localhost:80 HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`),
  refused("CONNECT to a path", `CONNECT /first HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`),
  refused("no Host", `GET /first HTTP/1.1\r\nX: 1\r\n\r\n${SMUGGLED}`),
  refused("an empty Host", `GET /first HTTP/1.1\r\nHost:\r\n\r\n${SMUGGLED}`),
  refused("a full target and no Host", `GET http://blog.localhost/first HTTP/1.1\r\nX: 1\r\n\r\n${SMUGGLED}`),
  ...[
    "blog.localhost/first",
    "blog.localhost, other.localhost",
    "blog.localhost other.localhost",
    "blog.localhost\tother.localhost",
    "user@blog.localhost",
    "blog.localhost:80:80",
    "blog.localhost:eighty",
    "blog.localhost?",
    "blog.localhost#",
    "http://blog.localhost",
    "[::1",
    "blog.localhost%2eother",
  ].map((host) => refused(`the Host ${shown(host)}`, absolute("/first", `Host: ${host}`))),
  seen("a full target for the same host is a path", absolute("http://blog.localhost/first"), ["GET /first"]),
  seen("in any case", absolute("HTTP://BLOG.localhost/first"), ["GET /first"]),
  seen("without a path", absolute("http://blog.localhost"), ["GET /"]),
  seen("with a question only", absolute("http://blog.localhost?q"), ["GET /?q"]),
  seen("two slashes are a path, not a host", absolute("//other.localhost/first"), ["GET //other.localhost/first"]),
  seen("a full target inside a path is a path", absolute("/http://other.localhost/first"), ["GET /http://other.localhost/first"]),
  seen("OPTIONS may ask for all", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n\r\n`, ["OPTIONS *"]),
];

const FOLD: readonly Case[] = [
  refused("a coding folded behind a header", post(["X: 1", " Transfer-Encoding: chunked"], ENDED)),
  refused("by a tab", post(["X: 1", "\tTransfer-Encoding: chunked"], ENDED)),
  refused("a length folded behind a header", post(["X: 1", ` ${LENGTH}`], SMUGGLED)),
  refused("a coding on a line of its own", post(["Transfer-Encoding:", " chunked"], ENDED)),
  refused("by a tab, with a length", post([LENGTH, "Transfer-Encoding:", "\tchunked"], ENDED)),
  refused("a second coding", post(["Transfer-Encoding: chunked", " , identity"], ENDED)),
  refused("a length in two parts", post(["Content-Length: 1", " 0"], SMUGGLED)),
  refused("a fold that is empty", post(["X: 1", " "], SMUGGLED)),
  refused("two folds", post(["X: 1", " 2", "\t3"], SMUGGLED)),
  refused("a fold as the first line", `POST /first HTTP/1.1\r\n ${HOST}\r\n${LENGTH}\r\n\r\n${SMUGGLED}`),
  refused("a folded Host", `POST /first HTTP/1.1\r\nHost:\r\n blog.localhost\r\n${LENGTH}\r\n\r\n${SMUGGLED}`),
  refused("a host folded behind a Host", `POST /first HTTP/1.1\r\n${HOST}\r\n other.localhost\r\n${LENGTH}\r\n\r\n${SMUGGLED}`),
  refused("a folded request line", `POST /first\r\n HTTP/1.1\r\n${HOST}\r\n\r\n${SMUGGLED}`),
  refused("a fold as the last line", post([LENGTH, " "], SMUGGLED)),
  seen("a fold in a trailer goes nowhere", post([CHUNKED], `0\r\nX: 1\r\n Content-Length: 9\r\n\r\n`)),
];

export const SMUGGLING: Readonly<Record<string, readonly Case[]>> = {
  "CL.TE": CL_TE,
  "TE.CL": TE_CL,
  "TE.TE": TE_TE,
  "CL.0": CL_0,
  "duplicate and odd headers": ODD,
  "bare CR and LF": BARE,
  "absolute form and authority": AUTHORITY,
  "obs-fold": FOLD,
};
