/** The router's numbers in Prometheus' text format (version 0.0.4). prom-client has no way to take over counts that are kept elsewhere in histograms; written out, the hot path only adds. */
import type { EnvironmentName, RouterReport } from "../core/index.ts";
import { BUCKET_BOUNDS_MS, type Counts, type RequestCounts } from "./request-counts.ts";

const PREFIX = "pushboat_router_";

export function renderMetrics(report: RouterReport, counts: RequestCounts): string {
  const all = [...counts.byEnvironment()].map(([environment, of]) => ({ labels: environmentLabels(environment), of }));
  // Hosts that nobody has: app="".
  const counted = [...all, { labels: `app="",environment=""`, of: counts.unrouted }];
  const inFlight = Object.entries(report.inFlight) as [EnvironmentName, number][];
  return [
    ...family("requests_total", "counter", "Requests answered, by the answer's class; none: the connection ended without an answer."),
    ...counted.flatMap(({ labels, of }) => byClass(labels, of)),
    ...family("request_duration_seconds", "histogram", "From a request's head to the end of its answer."),
    ...counted.flatMap(({ labels, of }) => histogram(labels, of)),
    ...family("requests_in_flight", "gauge", "Requests being answered, open WebSockets and event streams among them."),
    ...inFlight.map(([environment, count]) => `${PREFIX}requests_in_flight{${environmentLabels(environment)}} ${count}`),
    ...family("connections", "gauge", "Connections of clients, idle ones too."),
    `${PREFIX}connections ${report.connections}`,
    ...family("table_version", "gauge", "Version of the route table that requests are answered by."),
    `${PREFIX}table_version ${report.version ?? "NaN"}`,
    ...family("uptime_seconds", "gauge", "Since this process started: the counters began then."),
    `${PREFIX}uptime_seconds ${report.uptimeMs / 1000}`,
    "",
  ].join("\n");
}

function family(name: string, type: string, help: string): readonly string[] {
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`];
}

function byClass(labels: string, { byClass }: Counts): readonly string[] {
  return byClass.flatMap((count, at) =>
    count === 0 ? [] : [`${PREFIX}requests_total{${labels},code="${at === 0 ? "none" : `${at}xx`}"} ${count}`],
  );
}

function histogram(labels: string, { buckets, sumMs }: Counts): readonly string[] {
  const name = `${PREFIX}request_duration_seconds`;
  let below = 0;
  const lines = buckets.map((count, at) => {
    below += count;
    const bound = BUCKET_BOUNDS_MS[at];
    return `${name}_bucket{${labels},le="${bound === undefined ? "+Inf" : bound / 1000}"} ${below}`;
  });
  return [...lines, `${name}_sum{${labels}} ${sumMs / 1000}`, `${name}_count{${labels}} ${below}`];
}

/** A branch may hold quotes and backslashes. */
function environmentLabels(environment: EnvironmentName): string {
  const [app = ""] = environment.split("@");
  return `app="${app}",environment="${environment.replace(/["\\]/g, "\\$&")}"`;
}
