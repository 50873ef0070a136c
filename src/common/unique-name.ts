// A name that nobody else has. `crypto.randomUUID` would be one, but is not there in insecure pages.

export function uniqueName(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join("-");
}
