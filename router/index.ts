/** The router's face towards control. The router itself is a process of its own: main.ts. */
export { createRouterControl } from "./publisher.ts";
