/** What a deployment reports upwards. The push output, the log and the audit trail all render these. */

export type Phase = "source" | "plan" | "build" | "test" | "release" | "start" | "commit" | "route" | "postdeploy";

export type DeployEvent =
  | { readonly kind: "phase-started"; readonly phase: Phase; readonly title: string }
  | { readonly kind: "phase-finished"; readonly phase: Phase; readonly durationMs: number }
  /** A line of detail, 7 spaces before it. */
  | { readonly kind: "detail"; readonly text: string }
  | { readonly kind: "warning"; readonly text: string }
  /** The deployment's end, where it did not go live: the error as its caller gets it too. */
  | { readonly kind: "failed"; readonly code: string; readonly message: string; readonly hint: string | null }
  /** Raw output of a build step, a release command or a starting instance; whole lines without the newline. */
  | { readonly kind: "output"; readonly source: string; readonly text: string }
  | {
      readonly kind: "layer";
      readonly title: string;
      readonly reused: boolean;
      /** The environment had it before: the reason is what changed since. */
      readonly rebuilt?: true;
      /** `package-lock.json changed` */
      readonly reason: string;
      readonly durationMs: number;
    };

export type EventSink = (event: DeployEvent) => void;
