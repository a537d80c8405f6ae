import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createJournal, type Journal } from "../../../control/journal.ts";
import type { DeployEvent } from "../../../core/index.ts";

const event = (text: string): DeployEvent => ({ kind: "detail", text });
let directory: string;
let journal: Journal;
let complaints: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "journal-"));
  complaints = [];
  journal = createJournal(directory, (what) => void complaints.push(what));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("a journal that cannot be written, as on a full disk, fails no deployment and starves no follower", () => {
  mkdirSync(join(directory, "deployments", "1.ndjson"));
  const seen: DeployEvent[] = [];
  void journal.follow(
    2,
    (one) => seen.push(one),
    () => false,
    new AbortController().signal,
  );
  mkdirSync(join(directory, "deployments", "2.ndjson"));
  journal.sink(1)(event("a"));
  journal.sink(2)(event("b"));
  expect(seen).toEqual([event("b")]);
  expect(complaints).toEqual(["keeping an event", "keeping an event"]);
});

test("a follower that throws harms neither the deployment nor the others", () => {
  const seen: DeployEvent[] = [];
  const fail = () => {
    throw new Error("gone");
  };
  void journal.follow(1, fail, () => false, new AbortController().signal);
  void journal.follow(
    1,
    (one) => seen.push(one),
    () => false,
    new AbortController().signal,
  );
  journal.sink(1)(event("a"));
  expect(seen).toEqual([event("a")]);
});

test("a line torn by a power cut is left out, with what was appended to it", () => {
  journal.sink(1)(event("a"));
  appendFileSync(join(directory, "deployments", "1.ndjson"), '{"kind":"det');
  journal.sink(1)(event("b"));
  journal.sink(1)(event("c"));
  expect(journal.events(1)).toEqual([event("a"), event("c")]);
});
