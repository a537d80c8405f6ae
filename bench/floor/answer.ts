/** Polling an address until it answers what was waited for: the same clock for floors, peers and Pushboat. */
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Every 4 ms, the polls of the old version alone made a deploy on two cores up to 80 ms slower (measured): they run client, router and app. */
const POLL_INTERVAL_MS = 10;

export interface Poll {
  readonly ip: string;
  readonly port: number;
  /** Host header; the address where it is not given. */
  readonly host?: string;
  /** The body contains this. */
  readonly body: string;
  readonly timeoutMs?: number;
}

/** Milliseconds (performance.now) at which the wanted answer was complete. */
export async function untilAnswers(poll: Poll): Promise<number> {
  const deadlineMs = performance.now() + (poll.timeoutMs ?? 60_000);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let last = "nothing";
  try {
    while (performance.now() < deadlineMs) {
      last = await request(poll, agent);
      if (last.includes(poll.body)) return performance.now();
      await sleep(POLL_INTERVAL_MS);
    }
  } finally {
    agent.destroy();
  }
  throw new Error(
    `${poll.host ?? poll.ip}:${poll.port} never answered ${JSON.stringify(poll.body)}; the last was ${JSON.stringify(last.slice(0, 200))}`,
  );
}

function request(poll: Poll, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const headers = poll.host === undefined ? {} : { host: poll.host };
    const outgoing = get({ host: poll.ip, port: poll.port, path: "/", headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(Buffer.concat(chunks).toString()));
      response.on("error", (error) => resolve(error.message));
    });
    outgoing.on("error", (error) => resolve(error.message));
  });
}
