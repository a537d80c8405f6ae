/** From a bundle to a running command: conmon, runc, the network, then the command itself. */
import type { AllowedFlows } from "../allowed.ts";
import type { Container } from "../contract.ts";
import { giveOutputTo } from "../kernel/output-pipes.ts";
import { readText, startTicksOf } from "../kernel/process.ts";
import type { Peers } from "../peers.ts";
import { baseUidOf } from "../slices.ts";
import { type Bundle, type BundleDependencies, fillBundle, letGo } from "./bundle.ts";
import { createMonitored } from "./conmon.ts";
import type { Output } from "./output.ts";
import { writeRecord } from "./record.ts";
import { startCreated } from "./runc.ts";

export interface StartDependencies extends BundleDependencies {
  readonly allowed: AllowedFlows;
  readonly peers: Peers;
}

/** output: null for the log file. The caller removes the container where this throws. */
export async function startMonitored(bundle: Bundle, output: Output | null, dependencies: StartDependencies): Promise<Container> {
  const { paths, slices, networks, allowed, peers } = dependencies;
  const { spec, place, link } = bundle;
  const filled = Promise.withResolvers<void>();
  // conmon starts up while the files are mounted, and creates the container when they are
  const created = createMonitored(
    {
      id: spec.id,
      bundle: place.bundle,
      logFile: output === null ? spec.logFile : null,
      output: output?.descriptors ?? null,
      ready: filled.promise,
    },
    paths,
  );
  output?.closeDescriptors();
  Promise.all([fillBundle(bundle, dependencies), allowed.join(bundle.record), peers.join(bundle.record)]).then(
    () => filled.resolve(),
    filled.reject,
  );
  const init = processOf(await created);
  if (output === null) giveOutputTo(baseUidOf(slices, spec.slot) + spec.uid, init.pid);
  if (link !== null) await networks.connect(link, init.pid);
  await Promise.all([startCreated(paths.runcRoot, spec.id, init), letGo(bundle, dependencies)]);
  const monitor = processOf(Number(readText(`${place.bundle}/conmon.pid`) ?? 0));
  writeRecord(paths, { ...bundle.record, init, monitor });
  const { id, slot, ip, labels, logFile } = bundle.record;
  return { id, slot, pid: init.pid, startTicks: init.startTicks, ip, labels, logFile };
}

function processOf(pid: number): { readonly pid: number; readonly startTicks: string } {
  return { pid, startTicks: startTicksOf(pid) ?? "" };
}
