/** The peer's deploy: `docker build` + `docker run` of the same change, everything below the changed file cached. */
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchContext } from "./benchmark.ts";
import { untilAnswers } from "./floor/answer.ts";
import { type Docker, startDocker } from "./floor/docker.ts";
import type { FloorLayers } from "./floor/rootfs.ts";

export interface DockerPeer {
  readonly docker: Docker;
  /** Milliseconds from the start of the build until the version answers; the container is removed. */
  deploy(version: string): Promise<number>;
  /** Milliseconds (Date.now) from the start of the client until the container's first instruction. */
  start(): Promise<number>;
  close(): Promise<void>;
}

const PORT = 5000;
/** Dependencies are in the image already: what a good Dockerfile's cache gives. */
const DOCKERFILE = `FROM dependencies\nWORKDIR /app\nCOPY . .\nENV PORT=${PORT}\nCMD ["node", "server.js"]\n`;

/** null, and said so, where Docker cannot run. */
export async function startDockerPeer(context: BenchContext, layers: FloorLayers, seed: string): Promise<DockerPeer | null> {
  let docker: Docker;
  try {
    docker = await startDocker(context.directory);
    context.say(`Docker ${docker.version} is up`);
  } catch (error) {
    context.say(`no Docker to compare with: ${error instanceof Error ? error.message : error}`);
    return null;
  }
  await docker.importLayers("dependencies", [layers.base, layers.node, layers.modules]);
  const source = join(context.directory, "docker-source");
  cpSync(seed, source, { recursive: true });
  writeFileSync(join(source, "Dockerfile"), DOCKERFILE);
  await docker.run(["build", "-q", "-t", "app", source]);
  return {
    docker,
    deploy: (version) => deploy(docker, source, version),
    start: () => start(docker),
    close: () => docker.close(),
  };
}

async function deploy(docker: Docker, source: string, version: string): Promise<number> {
  writeFileSync(join(source, "version.js"), `export default "${version}";\n`);
  const startMs = performance.now();
  await docker.run(["build", "-q", "-t", "app", source]);
  const id = (await docker.run(["run", "--detach", "app"])).trim();
  const ip = (await docker.run(["inspect", "--format", "{{.NetworkSettings.IPAddress}}", id])).trim();
  const answeredMs = await untilAnswers({ ip, port: PORT, body: `hello ${version}` });
  await docker.run(["rm", "--force", id]);
  return answeredMs - startMs;
}

async function start(docker: Docker): Promise<number> {
  const startMs = Date.now();
  const stampNs = await docker.run(["run", "--rm", "app", "date", "+%s%N"]);
  return Number(stampNs.trim()) / 1e6 - startMs;
}
