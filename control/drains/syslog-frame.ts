/** A log line as syslog over TLS has it: RFC 5424's message in RFC 5425's frame. Pure. */
import type { DrainLine } from "./drain-buffer.ts";

/** Facility user (1), severity informational (6): what a line says of itself is not looked at. */
const PRIORITY = 1 * 8 + 6;
/** RFC 5424 6: printable ASCII, so long at most. */
const LONGEST = { hostname: 255, appName: 48, processId: 128, messageId: 32 };

/** `app[web.1]` of blog@x: APP-NAME blog@x, PROCID web.1, MSGID app. */
export function syslogFrame({ time, source, environment, text }: DrainLine, hostname: string): string {
  const [, origin = "app", process = source] = /^([^[]*)\[(.*)\]$/.exec(source) ?? [];
  const head = [
    `<${PRIORITY}>1`,
    time,
    word(hostname, LONGEST.hostname),
    word(environment, LONGEST.appName),
    word(process, LONGEST.processId),
    word(origin, LONGEST.messageId),
    "-",
  ];
  const message = `${head.join(" ")} ${text}`;
  return `${Buffer.byteLength(message)} ${message}`;
}

function word(text: string, longest: number): string {
  return text.replace(/[^!-~]/g, "?").slice(0, longest) || "-";
}
