/** An image as an OCI layout. */
import type { Image } from "../../core/index.ts";
import type { Parts } from "../parts.ts";

export function exportImage(_parts: Parts, _image: Image, _directory: string, _tag: string): Promise<{ readonly digest: string }> {
  return Promise.reject(new Error("not there yet"));
}
