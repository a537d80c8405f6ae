/** certs:all: what every host of the platform shows over HTTPS, those with trouble first. */
import { type PlainCommand, result } from "../command.ts";
import { HOST_CERTIFICATE_SHAPE, hostCertificateJson, hostCertificateRow } from "../host-certificate.ts";
import { table } from "../table.ts";

export const certsAll: PlainCommand = {
  name: "certs:all",
  summary: "List which certificate each host of the platform shows, those with trouble first",
  target: "none",
  words: [],
  examples: ["certs:all", "certs:all --json"],
  json: `[${HOST_CERTIFICATE_SHAPE}]`,
  prepare:
    () =>
    async ({ control, nowMs, progress }) => {
      const all = [...(await control.allCertificates())].sort(
        (left, right) => Number(right.error !== null) - Number(left.error !== null) || (left.host < right.host ? -1 : 1),
      );
      if (all.length === 0) progress.note("No app has a host name yet: apps:create NAME, or push one");
      return result(all.map(hostCertificateJson), table(all.map((each) => hostCertificateRow(each, nowMs))));
    },
};
