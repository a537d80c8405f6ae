/** Where a command of `./pushboat` goes: over SSH to the remote of the directory it is typed in, or to the platform of this machine. Pure. */

import { quoteShellWord } from "../../core/shell-words.ts";

export interface Invocation {
  readonly argv: readonly string[];
  /** --data, or PUSHBOAT_DATA; null where neither was given. */
  readonly dataDirectory: string | null;
  /** URL of the git remote `pushboat` of the current directory; null without one. */
  readonly remoteUrl: string | null;
  readonly interactive: boolean;
}

export type ClientPlan =
  | { readonly kind: "local"; readonly dataDirectory: string | null; readonly argv: readonly string[] }
  | { readonly kind: "ssh"; readonly argv: readonly string[] }
  | { readonly kind: "refuse"; readonly message: string; readonly hint: string };

/** Takes `--data DIR` out; for `run` only in front of it, since what follows belongs to the program that is run. */
export function splitDataOption(argv: readonly string[]): { readonly argv: readonly string[]; readonly dataDirectory: string | null } {
  const end = argv.findIndex((word) => word === "run" || word === "--");
  const ours = end < 0 ? argv : argv.slice(0, end);
  const at = ours.findIndex((word) => word === "--data" || word.startsWith("--data="));
  if (at < 0) return { argv, dataDirectory: null };
  const word = argv[at] as string;
  const inline = word.startsWith("--data=");
  const dataDirectory = inline ? word.slice("--data=".length) : (argv[at + 1] ?? "");
  return { argv: [...argv.slice(0, at), ...argv.slice(at + (inline ? 1 : 2))], dataDirectory };
}

export function planClient({ argv, dataDirectory, remoteUrl, interactive }: Invocation): ClientPlan {
  if (dataDirectory !== null || remoteUrl === null) return { kind: "local", dataDirectory, argv };
  if (/^https?:/.test(remoteUrl)) {
    return {
      kind: "refuse",
      message: "The remote `pushboat` of this directory is an HTTP address; commands go over SSH",
      hint: "git remote set-url pushboat ssh://pushboat@HOST:2222/APP   (or --data DIR for the platform of this machine)",
    };
  }
  const remote = parseSshRemote(remoteUrl);
  if (remote === null) {
    return {
      kind: "refuse",
      message: "The address of the remote `pushboat` cannot be read",
      hint: "It looks like ssh://pushboat@HOST:2222/APP",
    };
  }
  const terminal = interactive && WITH_TERMINAL.test(argv[0] ?? "") ? ["-t"] : ["-T"];
  const line = withApp(argv, remote.app).map(quoteShellWord).join(" ");
  return {
    kind: "ssh",
    argv: [...terminal, "-p", String(remote.port), "--", `${remote.user}@${remote.host}`, ...(line === "" ? [] : [line])],
  };
}

/** `run` gives it to what it runs; what destroys asks for a name first. */
const WITH_TERMINAL = /^(run|[a-z]+:destroy)$/;

export interface SshRemote {
  readonly user: string;
  readonly host: string;
  readonly port: number;
  readonly app: string;
}

/** `ssh://pushboat@host:2222/blog.git` or `pushboat@host:blog`. */
export function parseSshRemote(url: string): SshRemote | null {
  const long = /^ssh:\/\/(?:([^@/]+)@)?(\[[0-9a-fA-F:.]+\]|[^:/@]+)(?::([0-9]+))?\/(.+)$/.exec(url);
  const short = /^(?:([^@/:]+)@)?([^:/@]+):(?!\/\/)(.+)$/.exec(url);
  const parts = long ?? (short === null ? null : [short[0], short[1], short[2], undefined, short[3]]);
  if (parts === null) return null;
  const [, user = "pushboat", host = "", port = "22", path = ""] = parts;
  const app = path.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  // A host that begins with a hyphen would be an option of ssh.
  if (app === "" || !/^[A-Za-z0-9[]/.test(host) || !/^[A-Za-z0-9_]/.test(user)) return null;
  return { user, host: host.replace(/^\[|\]$/g, ""), port: Number(port), app };
}

/** Commands about the platform, not about one app. */
const WITHOUT_APP =
  /^(apps|apps:create|apps:list|keys(:.*)?|tokens(:.*)?|deploys:(cancel|attach)|hooks:(remove|history)|audit|status|version|help|doctor|-.*)$/;

/** Right behind the command's name: what follows may belong to a program (`run node x.js`). */
function withApp(argv: readonly string[], app: string): readonly string[] {
  const [command, ...rest] = argv;
  if (command === undefined || WITHOUT_APP.test(command) || namesApp(ownWords(command, rest))) return argv;
  return [command, "-a", app, ...rest];
}

/** Those that are not the words of a program: of `run`, only the options in front of it. */
function ownWords(command: string, words: readonly string[]): readonly string[] {
  const end = words.findIndex((word) => (command === "run" ? !word.startsWith("-") || word === "--" : word === "--"));
  return end < 0 ? words : words.slice(0, end);
}

function namesApp(words: readonly string[]): boolean {
  return words.some((word) => /^(-a|--app)(=|$)/.test(word) || word === "--help");
}
