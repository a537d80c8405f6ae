import { expect, test } from "vitest";
import { commandLine, describeCommand } from "../../../runtime/command-line.ts";

const argv = (command: string): readonly string[] => commandLine({ form: "shell", command: [command] });

test("An exec form is taken as it is", () => {
  expect(commandLine({ form: "exec", command: ["node", "a b.js", "$X"] })).toEqual(["node", "a b.js", "$X"]);
});

test.each(["node server.js", "NODE_ENV=production node server.js --port $PORT", "npm start 2>&1", 'echo "a b" > out'])(
  "A simple command is given to the shell alone, which it replaces: %s",
  (command) => {
    expect(argv(command)).toEqual(["/bin/sh", "-c", command]);
  },
);

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
