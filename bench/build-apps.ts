/** The apps that bench/build pushes, one for each language: a fixture, a change of its code, and the files that add a dependency. */
import { join } from "node:path";

export interface BuildApp {
  readonly language: string;
  readonly fixture: string;
  /** The file that holds its version, `v1`. */
  readonly code: string;
  readonly compiled: boolean;
  /** Titles of the layers that its build stands on, lowest first: the peer's base image. */
  readonly runtime: readonly RegExp[];
}

export const BUILD_APPS: readonly BuildApp[] = [
  { language: "node", fixture: "express-hello", code: "version.js", compiled: false, runtime: [/^node 24[.\d]+$/] },
  {
    language: "python",
    fixture: "flask-hello",
    code: "app.py",
    compiled: false,
    runtime: [/^build tools$/, /^python 3\.13$/, /^uv [.\d]+$/],
  },
  { language: "go", fixture: "go-hello", code: "main.go", compiled: true, runtime: [/^build tools$/, /^go 1\.26[.\d]*$/] },
  { language: "rust", fixture: "rust-json", code: "src/main.rs", compiled: true, runtime: [/^rust 1\.85$/] },
  { language: "java", fixture: "java-maven", code: "src/main/java/hello/Hello.java", compiled: true, runtime: [/^java 21 \(jdk\)$/] },
];

/** Laid over the fixture: one dependency more. */
export function dependencyFiles({ language }: BuildApp): string {
  return join(import.meta.dirname, "build-apps", language);
}
