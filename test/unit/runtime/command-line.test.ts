import { expect, test } from "vitest";
import { commandLine, describeCommand } from "../../../runtime/command-line.ts";

const argv = (command: string): readonly string[] => commandLine({ form: "shell", command: [command] });

test("An exec form is taken as it is", () => {
  expect(commandLine({ form: "exec", command: ["node", "a b.js", "$X"] })).toEqual(["node", "a b.js", "$X"]);
});

test.each([
  ["node server.js", "exec node server.js"],
  ["NODE_ENV=production node server.js --port $PORT", "NODE_ENV=production exec node server.js --port $PORT"],
  [`A="x y" B='z' C=\\ d node a.js`, `A="x y" B='z' C=\\ d exec node a.js`],
  ["npm start 2>&1", "exec npm start 2>&1"],
  ['echo "a b" > out', 'exec echo "a b" > out'],
  ["$START_COMMAND", "exec $START_COMMAND"],
])("A simple command replaces its shell, so that TERM reaches the app and nothing above it: %s", (command, expected) => {
  expect(argv(command)).toEqual(["/bin/sh", "-c", expected]);
});

test.each(["exec node server.js", "type node", "A=1", "cd /app", ""])("What only the shell itself can do is left to it: %s", (command) => {
  expect(argv(command)).toEqual(["/bin/sh", "-c", command]);
});

test.each(["cd api && npm start", "a; b", "a | b", "(a)", "a &", "echo $(date)", "a\nb", ". ./env", "echo `date`"])(
  "A compound command lets the shell wait for its child when TERM comes: %s",
  (command) => {
    expect(argv(command)).toEqual(["/bin/sh", "-c", `trap 'exit 143' TERM\n${command}`]);
  },
);

test("A command is shown on one line that is not too long", () => {
  expect(describeCommand({ form: "shell", command: ["a\n b"] })).toBe("a b");
  expect(describeCommand({ form: "shell", command: ["x".repeat(300)] })).toHaveLength(200);
});
