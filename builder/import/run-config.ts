/** What an image says about running it, as ours: user, environment, directory, process types. Pure. */
import { APP_UID, type ImageConfig, type Processes, PushboatError, quote, WEB } from "../../core/index.ts";
import type { ImageDocument } from "./documents.ts";

type Settings = NonNullable<ImageDocument["config"]>;

/** Texts of the image's own files; null where it has none. */
export interface AccountFiles {
  readonly passwd: string | null;
  readonly group: string | null;
}

interface User {
  readonly uid: number;
  readonly gid: number;
  readonly home: string | null;
}

/** A container's ids are those of its user namespace (65,536 of them). */
const MOST_ID = 65_535;

export function runConfig(document: ImageDocument, accounts: AccountFiles): ImageConfig {
  const settings = document.config ?? {};
  const user = resolveUser(settings.User ?? "", accounts);
  const env = environment(settings);
  return {
    env: { HOME: user.home ?? (user.uid === 0 ? "/root" : "/"), ...env },
    workingDirectory: (settings.WorkingDir ?? "").startsWith("/") ? (settings.WorkingDir as string) : "/",
    uid: user.uid,
    gid: user.gid,
  };
}

/** ENTRYPOINT and CMD as they are, without a shell (their shell form names /bin/sh itself); a Procfile's commands take their place. */
export function runProcesses(document: ImageDocument, procfile: Processes, from: string): Processes {
  const { Entrypoint, Cmd } = document.config ?? {};
  const command = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  const own = (command.length === 0 ? {} : { [WEB]: { form: "exec", command } }) as Processes;
  const processes = { ...own, ...procfile };
  if (Object.keys(processes).length > 0) return processes;
  throw new PushboatError({
    code: "build/nothing-to-start",
    message: `${from} has no CMD and no ENTRYPOINT, and there is no Procfile`,
    hint: 'End the Dockerfile with a command, for example\n  CMD ["node", "server.js"]',
  });
}

/** What is read in the image and means something else here, or nothing. */
export function runHints({ config }: ImageDocument): readonly string[] {
  const ports = Object.keys(config?.ExposedPorts ?? {});
  const volumes = Object.keys(config?.Volumes ?? {});
  return [
    ...(ports.length > 0
      ? [`EXPOSE ${ports.join(" ")} is a hint only: the web process gets its port in $PORT and has to listen there`]
      : []),
    ...(volumes.length > 0
      ? [`VOLUME ${volumes.join(" ")}: what is written there goes with each release; volumes:create and volumes:mount keep it`]
      : []),
  ];
}

function environment({ Env }: Settings): Record<string, string> {
  return Object.fromEntries(
    (Env ?? []).flatMap((pair) => {
      const equals = pair.indexOf("=");
      return equals > 0 ? [[pair.slice(0, equals), pair.slice(equals + 1)]] : [];
    }),
  );
}

/** Dockerfile reference, USER: `name`, `uid`, `name:group`, `uid:gid`; without a group the user's own, else root's. */
function resolveUser(text: string, { passwd, group }: AccountFiles): User {
  const [name = "", groupName = ""] = text.trim().split(":");
  const account = findAccount(passwd, name === "" ? "0" : name);
  const uid = name === "" ? 0 : (numberOf(name) ?? account?.uid ?? unknown("user", name, "/etc/passwd"));
  const gid = groupName === "" ? (account?.gid ?? 0) : (numberOf(groupName) ?? findGroup(group, groupName));
  for (const id of [uid, gid]) if (id > MOST_ID) throw tooHigh(text);
  return { uid, gid, home: account?.home ?? null };
}

function findAccount(passwd: string | null, name: string): User | null {
  for (const line of (passwd ?? "").split("\n")) {
    const [login, , uid = "", gid = "", , home = ""] = line.split(":");
    if (login !== name && uid !== name) continue;
    const [numericUid, numericGid] = [numberOf(uid), numberOf(gid)];
    if (numericUid !== null && numericGid !== null) return { uid: numericUid, gid: numericGid, home: home.startsWith("/") ? home : null };
  }
  return null;
}

function findGroup(file: string | null, name: string): number {
  const line = (file ?? "").split("\n").find((each) => each.startsWith(`${name}:`));
  return numberOf(line?.split(":")[2] ?? "") ?? unknown("group", name, "/etc/group");
}

function numberOf(text: string): number | null {
  return /^\d{1,10}$/.test(text) ? Number(text) : null;
}

function unknown(what: string, name: string, file: string): never {
  throw new PushboatError({
    code: "image/user",
    message: `USER names the ${what} ${quote(name)}, and ${file} of the image has none of that name`,
    hint: `Make it with RUN useradd before, or write USER with a number, for example USER ${APP_UID}.`,
  });
}

function tooHigh(text: string): PushboatError {
  return new PushboatError({
    code: "image/user",
    message: `USER ${quote(text)} is above ${MOST_ID}, the highest id in a container here`,
    hint: `Write a smaller number, for example USER ${APP_UID}.`,
  });
}
