/** Where tools look for certificate authorities: each has a variable of its own. Pure. */
import { CA_BUNDLE } from "./filesystem.ts";

const VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CARGO_HTTP_CAINFO",
  "GIT_SSL_CAINFO",
  "CURL_CA_BUNDLE",
];

/** For build steps; what the step sets itself stays. */
export const AUTHORITY_ENV: Readonly<Record<string, string>> = Object.fromEntries(VARIABLES.map((name) => [name, CA_BUNDLE]));
