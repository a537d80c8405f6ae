/** disk: who takes which place on the disk. */
import { type PlainCommand, result } from "../command.ts";
import { fields, heading, table } from "../table.ts";

export const disk: PlainCommand = {
  name: "disk",
  summary: "Show what takes place on the disk, by app",
  target: "none",
  words: [],
  examples: ["disk", "disk --json"],
  json: "{totalBytes, usedBytes, freeBytes, cacheBudgetBytes, layerBytes, layerBudgetBytes, baseBytes, languageBytes, sharedLayerBytes, apps:[{app, bytes:{dependencies, files, caches, logs, volumes, repository}}]}",
  prepare:
    () =>
    async ({ control }) => {
      const report = await control.disk();
      const caches = report.apps.reduce((sum, { bytes }) => sum + bytes.caches, 0);
      const rows = report.apps.map(({ app, bytes }) => [app, ...Object.values(bytes).map(megabytes)]);
      return result(report, [
        heading("Disk"),
        ...fields({
          Used: `${megabytes(report.usedBytes)} of ${megabytes(report.totalBytes)}, ${megabytes(report.freeBytes)} free`,
          Base: megabytes(report.baseBytes),
          Languages: megabytes(report.languageBytes),
          "Shared layers": megabytes(report.sharedLayerBytes),
          Layers: `${megabytes(report.layerBytes)}, kept to ${megabytes(report.layerBudgetBytes)}`,
          Caches: `${megabytes(caches)}, kept to ${megabytes(report.cacheBudgetBytes)}`,
        }),
        ...table([["APP", "DEPENDENCIES", "FILES", "CACHES", "LOGS", "VOLUMES", "REPOSITORY"], ...rows]),
      ]);
    },
};

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
