/** One request as one logfmt line, in Heroku's shape (semantics.md). Nothing a client sends can begin a new line or a new field. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly requestId: string;
  readonly clientAddress: string;
  /** `web.1`; null where no instance was chosen. */
  readonly instance: string | null;
  readonly connectMs: number | null;
  readonly serviceMs: number | null;
  readonly status: number;
  readonly bytes: number;
  readonly protocol: "http" | "https";
  /** null: answered by the app. */
  readonly failure: { readonly code: string | null; readonly description: string } | null;
}

const MAX_PATH_LENGTH = 2000;
const PLAIN = /^[\x21\x23-\x5b\x5d-\x7e]*$/;

export function logLine(record: RequestRecord): string {
  const { failure } = record;
  const level =
    failure === null ? "at=info" : `at=error${failure.code === null ? "" : ` code=${failure.code}`} desc="${failure.description}"`;
  return (
    `${level} method=${record.method} path="${escaped(record.path)}" host=${record.host === "" ? "-" : record.host} ` +
    `request_id=${record.requestId} fwd="${record.clientAddress}" dyno=${record.instance ?? ""} connect=${milliseconds(record.connectMs)} ` +
    `service=${milliseconds(record.serviceMs)} status=${record.status} bytes=${record.bytes} protocol=${record.protocol}`
  );
}

function milliseconds(value: number | null): string {
  return value === null ? "" : `${Math.round(value)}ms`;
}

function escaped(path: string): string {
  const short = path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}...` : path;
  if (PLAIN.test(short)) return short;
  return short.replace(/[^\x21\x23-\x5b\x5d-\x7e]/g, (character) =>
    character === '"' || character === "\\" ? `\\${character}` : `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}
