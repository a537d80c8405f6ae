/** The router's face towards control. The router itself is a process of its own: main.ts. */
export { createRouterControl, type RouterControlOptions } from "./publisher.ts";
export { findUser, ROUTER_USER, type SystemUser } from "./system-user.ts";
