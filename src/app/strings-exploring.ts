// What the page says of drawing live and of exploring. The rest of its sentences are in strings.ts.
import type { Pace } from "./live/pace";
import { formatDuration } from "./strings";

const pace = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const exploring = {
  live: {
    name: "Live",
    about: "Draw while you type: every change is drawn at once, and kept when you pause",
    keep: "Keep this picture",
    key: "Draw live, or no longer",
    pace: "Live drawing",
    paceOf: ({ perSecond, medianMs }: Pace) =>
      [perSecond !== undefined && `${pace.format(perSecond)} pictures a second`, `${formatDuration(medianMs)} from a change to its picture`]
        .filter(Boolean)
        .join(", "),
  },
} as const;
