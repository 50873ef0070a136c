// The words of the element.
import type { OnestrokeError } from "../common/errors";
import type { Need } from "./need";

export const strings = {
  get: "Get it and draw",
  again: "Try again",
  loading: "Getting the model",
  drawing: "Drawing",
  offer: ({ title, byteLength, license }: Need): string =>
    [
      `This picture is drawn on your own device, with ${title}: ${megabytes(byteLength)} to get, once.`,
      license !== undefined && `Licence: ${license.id}${license.commercial === false ? ", not for commercial use" : ""}.`,
    ]
      .filter(Boolean)
      .join(" "),
  failed: ({ message, remedy }: OnestrokeError): string => `${sentence(message)} ${sentence(remedy)}`,
  notDrawn: "The picture is not drawn yet.",
};

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(bytes / 1e6))} MB`;
}

function sentence(text: string): string {
  const start = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
