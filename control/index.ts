/** Joins the modules: the deploy pipeline, the state store, the queue. */
export type * from "./api.ts";
