import { describe, expect, it } from "vitest";
import { parseEnvironmentName } from "../../../core/index.ts";
import { renderMetrics } from "../../../router/metrics.ts";
import { RequestCounts } from "../../../router/request-counts.ts";

const branch = parseEnvironmentName(`blog@a"b`).name;
const report = { pid: 1, uptimeMs: 1_500, listening: true, version: 3, connections: 2, requests: 2, inFlight: { [branch]: 1 } };

describe("the router's metrics", () => {
  it("are cumulative by bound, with the branch escaped", () => {
    const counts = new RequestCounts();
    counts.keepOnly(new Set([branch]));
    counts.add(branch, 204, 4);
    counts.add(branch, 0, 70_000);
    const text = renderMetrics(report, counts);
    const labels = `app="blog",environment="blog@a\\"b"`;
    expect(text).toContain(`pushboat_router_requests_total{${labels},code="2xx"} 1\n`);
    expect(text).toContain(`pushboat_router_requests_total{${labels},code="none"} 1\n`);
    expect(text).toContain(`_bucket{${labels},le="0.001"} 0\n`);
    expect(text).toContain(`_bucket{${labels},le="0.005"} 1\n`);
    expect(text).toContain(`_bucket{${labels},le="60"} 1\n`);
    expect(text).toContain(`_bucket{${labels},le="+Inf"} 2\n`);
    expect(text).toContain(`_sum{${labels}} 70.004\n`);
    expect(text).toContain(`pushboat_router_requests_in_flight{${labels}} 1\n`);
  });

  it("forget an environment that is gone", () => {
    const counts = new RequestCounts();
    counts.keepOnly(new Set([branch]));
    counts.add(branch, 200, 1);
    counts.keepOnly(new Set());
    counts.add(branch, 200, 1);
    expect(renderMetrics({ ...report, inFlight: {} }, counts)).not.toContain("blog");
    expect(counts.total).toBe(2);
  });
});
