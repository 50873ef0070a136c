// What the page says of drawing live and of exploring. The rest of its sentences are in strings.ts.
import type { Pace } from "./live/pace";
import type { Recipe } from "../common/recipe";
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

  four: {
    name: "Four like this",
    about: "Four pictures of what the controls say, each with noise of its own",
    again: "Draw the others anew",
    close: "Close the four pictures",
    difference: "How different",
    differenceOf: (strength: number) => (strength >= 1 ? "wholly" : `${Math.round(strength * 100)} %`),
    tile: (place: number) => `Picture ${place} of 4`,
    show: (place: number) => `Show picture ${place} of 4`,
    hold: (place: number) => `Hold picture ${place} of 4`,
    key: "Four like this, or the others anew",
  },
  varied: (variations: NonNullable<Recipe["variations"]>) =>
    variations.map(({ seed, strength }) => `varied by ${Math.round(strength * 100)} % towards ${seed}`).join(", "),
  unvary: "Back to the seed’s own",
} as const;
