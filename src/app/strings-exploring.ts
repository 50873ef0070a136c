// What the page says of drawing live and of exploring. The rest of its sentences are in strings.ts.
import type { Pace } from "./live/pace";
import type { ModelFacts } from "../common/model-facts";
import type { Recipe } from "../common/recipe";
import { LOCALE } from "./locale";
import { formatDuration, strings } from "./strings";

const pace = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

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
    show: (place: number) => `Show picture ${place} of 4`,
    hold: (place: number) => `Hold picture ${place} of 4`,
    key: "Four like this, or the others anew",
  },
  start: {
    name: "Start from a picture",
    choose: "Start from a picture",
    another: "Choose another picture",
    camera: {
      use: "Use the camera",
      about: "Takes one picture with the camera and turns it off again. The picture stays on this device",
      taking: "Taking a picture…",
      refused: {
        message: "The browser does not let this page use the camera.",
        remedy: "Allow it in the browser’s settings for this page, beside the address, and try again.",
      },
      none: { message: "No camera was found.", remedy: "Connect one and try again, or choose a picture." },
      busy: { message: "The camera gives no picture.", remedy: "Close other programs that use it, and try again." },
      failed: { message: "No picture could be taken with the camera.", remedy: "Choose a picture in place of it." },
    },
    strength: "Drawn over it",
    strengthOf: (taken: number, steps: number) => `${taken} of ${strings.stepCount(steps)}`,
    taking: (taken: number, steps: number) => `over a picture, ${taken} of ${strings.stepCount(steps)}`,
    remove: "Start from noise again",
    lasts: "The more steps, the less of it stays. It is kept with the pictures that are drawn over it.",
    oneStep: "One step goes all the way from noise, so little of the picture stays. Take more steps.",
    missing: "That picture is not here any more. Choose it again, or start from noise.",
    taken: "The next pictures begin with this one. Say what it should become, and draw.",
    unreadable: "This file is no picture that the browser can read.",
    unable: ({ title, parts }: Pick<ModelFacts, "title" | "parts">) =>
      parts.some(({ engine }) => engine !== "wgsl")
        ? "ONNX Runtime cannot draw over a picture here: the exported models have no encoder."
        : `${title} cannot draw over a picture: its files have no encoder.`,
    over: "Draw over this",
    overAbout: "Begin with the shown picture in place of noise",
    key: "Draw over the shown picture",
  },
  varied: (variations: NonNullable<Recipe["variations"]>) =>
    variations.map(({ seed, strength }) => `varied by ${Math.round(strength * 100)} % towards ${seed}`).join(", "),
  unvary: "Back to the seed’s own",
} as const;
