/** A user at another machine: an SSH key of their own, known hosts of their own, stock git and ssh, no configuration of the host's user. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandOptions, type CommandResult, mustRun, run } from "./command.ts";

export interface Client {
  /** A directory of its own; HOME of every command. */
  readonly home: string;
  readonly publicKeyFile: string;
  /** One line of authorized_keys format. */
  readonly publicKey: string;
  /** For git: `-c core.sshCommand=...`. */
  readonly sshCommand: string;
  readonly environment: NodeJS.ProcessEnv;
  /** `ssh ARGS... pushboat@127.0.0.1 COMMAND`; sshOptions: for example ["-tt"]. */
  ssh(port: number, command: string, options?: CommandOptions & { readonly sshOptions?: readonly string[] }): Promise<CommandResult>;
  git(argv: readonly string[], options?: CommandOptions): Promise<CommandResult>;
}

export async function givenClient(home: string, name = "tester"): Promise<Client> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const keyFile = join(home, "id_ed25519");
  await mustRun(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", `${name}@test`, "-f", keyFile]);
  const sshArgv = ["ssh", "-F", "/dev/null", "-i", keyFile, ...sshSettings(home)];
  const sshCommand = sshArgv.join(" ");
  const environment = clientEnvironment(home);
  return {
    home,
    publicKeyFile: `${keyFile}.pub`,
    publicKey: readFileSync(`${keyFile}.pub`, "utf8").trim(),
    sshCommand,
    environment,
    ssh: (port, command, options = {}) => {
      const target = ["-p", String(port), ...(options.sshOptions ?? []), "pushboat@127.0.0.1"];
      return run(["ssh", ...sshArgv.slice(1), ...target, ...(command === "" ? [] : [command])], { env: environment, ...options });
    },
    git: (argv, options = {}) => run(["git", "-c", `core.sshCommand=${sshCommand}`, ...argv], { env: environment, ...options }),
  };
}

function sshSettings(home: string): string[] {
  const settings = [
    "IdentitiesOnly=yes",
    "BatchMode=yes",
    "StrictHostKeyChecking=accept-new",
    `UserKnownHostsFile=${join(home, "known_hosts")}`,
    "LogLevel=ERROR",
    "ConnectTimeout=10",
  ];
  return settings.flatMap((setting) => ["-o", setting]);
}

function clientEnvironment(home: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: home,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: "Tester",
    GIT_AUTHOR_EMAIL: "tester@example.com",
    GIT_COMMITTER_NAME: "Tester",
    GIT_COMMITTER_EMAIL: "tester@example.com",
  };
}
