// What the page says of keeping, finding and giving away pictures, and of its keys. The rest of its sentences are in strings.ts.
import type { Recipe } from "../common/recipe";
import type { ForeignRecipe } from "../image/foreign-fields";
import type { EngineFailure, MeasuringState } from "./engines/measuring-state";
import type { GalleryWork } from "./gallery/state";
import { LOCALE } from "./locale";
import { formatBytes, formatDuration, strings } from "./strings";

const dates = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const gigabytes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "gigabyte", maximumFractionDigits: 1 });

function roomOf(byteLength: number): string {
  if (byteLength >= 1e9) return gigabytes.format(byteLength / 1e9);
  return byteLength > 0 && byteLength < 1e6 ? "less than 1 MB" : formatBytes(byteLength);
}

const pictures = (count: number): string => (count === 1 ? "1 picture" : `${count} pictures`);

/** Libraries give reasons of many lines. */
const MOST_OF_A_REASON = 120;

function couldNot({ engine, reason }: EngineFailure): string {
  const [line = ""] = reason.split("\n");
  const short = line.length > MOST_OF_A_REASON ? `${line.slice(0, MOST_OF_A_REASON)}…` : line;
  return `${strings.engines[engine]} could not draw it (${short})`;
}

export const keeping = {
  gallery: "Gallery",
  openGallery: "Open the gallery",
  closeGallery: "Close the gallery",
  newest: "Newest pictures",
  all: (count: number) => `All ${count}`,
  search: "Search in prompts",
  favourites: "Favourites",
  nothingFound: "No kept picture has these words.",
  nothingKept: "Pictures that you draw are kept here, on this device.",
  show: ({ prompt, negative }: Pick<Recipe, "prompt" | "negative">) =>
    [prompt === "" ? "Show again the picture of an empty prompt" : `Show again: ${prompt}`, negative.trim() && `left out: ${negative}`]
      .filter(Boolean)
      .join(", "),
  drawnAt: (date: number) => dates.format(date),
  favour: "Favourite",
  favourOf: (prompt: string) => `Favourite: ${prompt}`,
  remove: "Remove",
  removeOf: (prompt: string) => `Remove: ${prompt}`,
  removed: "Removed.",
  restore: "Undo",
  count: (found: number, all: number) => (found === all ? pictures(all) : `${found} of ${pictures(all)}`),
  room: (taken: number) => `Room taken: ${roomOf(taken)}.`,
  roomOf,
  budget: "Room for pictures",
  budgetAbout: "When the room is full, the oldest make way. Favourites stay.",
  askBudget: (goes: number) => `Not everything fits into that. The oldest ${pictures(goes)} would go for good.`,
  agree: "Remove them",
  disagree: "Keep them",
  overBudget: "Your favourites alone take more than that, and stay.",
  export: "Export as ZIP",
  import: "Import",
  importAbout: "A ZIP from here, or PNGs that were saved here",
  problems: {
    full: "The disk is full, so the newest pictures are not kept: they last until this page is closed. Save them, or remove others.",
    denied: "This browser lets the page keep nothing, as in a private window. Pictures last until the page is closed.",
  },
  unkept: "not kept",
  work: (work: GalleryWork) => {
    switch (work.kind) {
      case "exporting":
        return `Packing ${work.done} of ${pictures(work.total)}`;
      case "importing":
        return `Reading, ${pictures(work.done)} so far`;
      case "imported":
        return [
          `${pictures(work.count)} came in.`,
          work.known > 0 && `${work.known} ${work.known === 1 ? "was" : "were"} here already.`,
          work.refused.length > 0 && `No recipe of Onestroke, or damaged: ${shortList(work.refused)}.`,
        ]
          .filter(Boolean)
          .join(" ");
      case "failed":
        return work.reason;
    }
  },

  shownAgain: "Shown again: this picture is kept",
  isThere: "This picture is there already. For another one, pick another seed or let it change.",
  undo: "Back to the picture before",
  redo: "Forward again",

  share: "Save and share",
  savePng: "Save PNG",
  saveWebp: "Save WebP",
  savePngAbout: "with its recipe",
  saveWebpAbout: "smaller, without a recipe",
  copyPicture: "Copy picture",
  copyLink: "Copy link",
  copyLinkAbout: "the link holds the prompt",
  system: "Share…",
  withoutPrompt: "Without the prompt in the file",
  saved: "Saved",
  pictureCopied: "Picture copied",
  linkCopied: "Link copied",
  notSaved: (reason: string) => `This browser could not write the picture as a file. ${reason}`,
  pictureNotCopied: (reason: string) => `This browser does not let the page copy the picture. ${reason}`,
  linkNotCopied: "This browser does not let the page copy the link. You can copy it from the address bar.",
  notShared: (reason: string) => `The picture could not be shared. ${reason}`,
  noWebp: "This browser cannot write WebP.",

  foreignRecipe: ({ tool, taken, left }: ForeignRecipe) =>
    [
      `This picture was made with ${tool ?? "another tool"}.`,
      Object.keys(taken).length > 0 ? `Taken over: ${takenNames(taken).join(", ")}.` : "Nothing of it means the same here.",
      left.length > 0 && `Not taken over: ${shortList(left, 12)}.`,
    ]
      .filter(Boolean)
      .join(" "),

  measure: "Find the quickest engine",
  measureAbout: "It draws this picture with each. The quickest is used from then on, unless you choose another.",
  measured: ({ current, times, failures }: MeasuringState) => {
    if (current !== undefined) return `Measuring ${strings.engines[current]}`;
    const drawn = times.map(({ engine, ms }) => `${strings.engines[engine]}: ${formatDuration(ms)}`).join(" · ");
    return [drawn === "" ? "No engine could draw it" : drawn, ...failures.map(couldNot)].join(". ");
  },
  standIn: "The processor stands in for a GPU here.",

  keys: "Keys",
  openKeys: "Show the keys",
  closeKeys: "Close the keys",
  inGallery: "In the gallery",
  does: {
    draw: "Draw, in a field",
    drawAnew: "Draw, even where the picture is there already",
    newLine: "New line, in a field",
    cancel: "Cancel what is being drawn",
    write: "Write a prompt",
    roll: "Pick another seed",
    idea: "Surprise me",
    favour: "Favourite, or no longer one",
    models: "Choose a model",
    move: "From picture to picture",
  },
  singleKeys: "Letters alone do something",
  singleKeysAbout: "Switch this off if you speak to your computer, or press keys by accident. Keys with Ctrl or ⌘, Enter and Escape stay.",
} as const;

/** Names of files come from anywhere, so only some are told. */
function shortList(names: readonly string[], most = 3): string {
  const some = names.slice(0, most).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name));
  return names.length > some.length ? `${some.join(", ")} and ${names.length - some.length} more` : some.join(", ");
}

function takenNames({ prompt, negative, steps, seed, width }: ForeignRecipe["taken"]): readonly string[] {
  const names = [
    prompt !== undefined && "prompt",
    negative !== undefined && "what is left out",
    steps !== undefined && "steps",
    seed !== undefined && "seed",
    width !== undefined && "size",
  ];
  return names.filter((name) => name !== false);
}
