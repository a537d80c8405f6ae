/** status: our own processes and how much they look after. */
import { type PlainCommand, result } from "../command.ts";
import { fields, heading } from "../table.ts";

export const status: PlainCommand = {
  name: "status",
  summary: "Show Pushboat's own processes and what they look after",
  target: "none",
  words: [],
  examples: ["status", "status --json"],
  json: "{version, processes:[{name, pid}], domain, httpPort, sshPort, dataDirectory, apps, instances, queued, redis, router}",
  prepare:
    () =>
    async ({ control }) => {
      const report = await control.status();
      const { version, domain, httpPort, sshPort, dataDirectory, apps, instances, queued, redis, router } = report;
      const processes = report.processes.map(({ name, pid }) => ({ name, pid }));
      const json = { version, processes, domain, httpPort, sshPort, dataDirectory, apps, instances, queued, redis, router };
      return result(json, [
        heading(`Pushboat ${version}`),
        ...fields({
          Apps: `http://APP.${domain}:${httpPort}`,
          Git: `ssh://pushboat@${domain}:${sshPort}/APP`,
          Data: dataDirectory,
          Processes: processes.map(({ name, pid }) => `${name} (${pid})`).join(", "),
          Router: router,
          Redis: redis,
          Running: `${counted(apps, "app")}, ${counted(instances, "instance")}`,
          Waiting: counted(queued, "deployment"),
        }),
      ]);
    },
};

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
