// Addresses that somebody's settings give: a host's, a library's user's, the environment's. One that is none is refused by the name of its
// setting, before anything is asked.
import { OnestrokeError } from "./errors";

/**
 * @param base what a relative one stands on
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function parseAddress(address: string | URL, base: string, field: string): URL {
  if (URL.canParse(address, base)) return new URL(address, base);
  throw new OnestrokeError("invalid-input", `${field} is ${address}, which is no address`, { field });
}

/**
 * @returns the address, if requests can be put together from it
 * @throws OnestrokeError `invalid-input`, detail `field`
 */
export function parseHub(address: string, field: string): string {
  if (hubOrigin(address) !== undefined) return address;
  const remedy = "It must be written whole where it is set, as https://hub.example.";
  throw new OnestrokeError("invalid-input", `${field} is ${address}, which is not the address of a hub`, { field, remedy });
}

/** Undefined where the address is not one of a hub. */
export function hubOrigin(address: string): string | undefined {
  // Paths are put behind it, so it ends before a query.
  return /^https?:\/\/[^/?#][^?#]*$/.test(address) && URL.canParse(address) ? new URL(address).origin : undefined;
}
