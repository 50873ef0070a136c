// Every sentence the page says, in one table, so that a second language is one more file.
// Error messages and remedies come from the errors themselves.
import type { ModelFacts } from "../common/model-facts";
import type { Progress } from "../common/progress";
import type { Recipe } from "../common/recipe";

const bytes = new Intl.NumberFormat("en", { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
const seconds = new Intl.NumberFormat("en", { style: "unit", unit: "second", minimumFractionDigits: 2, maximumFractionDigits: 2 });
const milliseconds = new Intl.NumberFormat("en", { style: "unit", unit: "millisecond", maximumFractionDigits: 0 });

export const formatBytes = (byteLength: number): string => bytes.format(byteLength / 1e6);
export const formatDuration = (ms: number): string => (ms < 1_000 ? milliseconds.format(ms) : seconds.format(ms / 1_000));

/** Words a remark names; more than these make no sentence that is read. */
const NAMED_WORDS = 6;
const WORD_LENGTH = 24;

const shortened = (word: string): string => (word.length > WORD_LENGTH ? `${word.slice(0, WORD_LENGTH).toWellFormed()}…` : word);

export const strings = {
  name: "Onestroke",
  tagline: "Pictures in one step, on your own GPU",

  prompt: "Describe a picture",
  surprise: "Surprise me",
  promptPlaceholder: "a lighthouse on a cliff at sunset, two sailboats",
  textCut: (most: number) => `Only the first ${most} tokens (words, parts of words, punctuation) were read. Say it in fewer words.`,
  unknownWords: (title: string, words: readonly string[]) => {
    const more = words.length - NAMED_WORDS;
    const named = words.slice(0, NAMED_WORDS).map(shortened).join(", ");
    return `${title} does not know: ${named}${more > 0 ? `, and ${more} more` : ""}`;
  },
  negative: "Leave out",
  negativePlaceholder: "what the picture should not hold",

  steps: "Steps",
  stepsHint: (steps: number) => (steps === 1 ? "instant" : steps === 2 ? "gone over once" : `gone over ${steps - 1} times`),
  stepCount: (steps: number) => (steps === 1 ? "1 step" : `${steps} steps`),
  seed: "Seed",
  seedInvalid: "A whole number from 0 to 18446744073709551615",
  rollSeed: "Roll a new seed",
  keepSeed: "Keep this seed",
  size: "Size",
  sizeOf: (width: number, height: number) => `${width} × ${height}`,
  shapes: { square: "Square", landscape: "Wide", portrait: "Tall", small: "Small" },

  explain: (what: string) => `About: ${what}`,
  steering: "Steering",
  steeringAbout:
    "How strongly the picture is steered away from what it leaves out. The notch is what suits this model. Further right takes away more, and in the end harms the picture.",
  strength: (position: number) =>
    position === 0 ? "off" : position < 0.95 ? "gentle" : position <= 1.05 ? "usual" : position < 1.65 ? "firm" : "strong",
  compare: "Compare",
  compareHint: "See the picture with and without steering",
  sides: {
    without: { name: "without steering", shortName: "without" },
    with: { name: "with steering", shortName: "with" },
  },
  wipe: "Wipe between the two pictures",
  wipeAt: (percent: number) => `${percent} % without steering, ${100 - percent} % with`,
  pictureOf: ({ prompt }: Pick<Recipe, "prompt">, side: string) => [prompt, side].filter(Boolean).join(", "),
  saveSide: (side: string) => `Save PNG, ${side}`,
  drawingOtherSide: "Drawing the one without steering",

  advanced: "Advanced",
  steeringMethod: "Steering method",
  steeringMethodAbout:
    "NASA subtracts what would be drawn of the things left out. NAG pushes the picture away from them and keeps it within bounds, so it bears more strength.",
  steeringMethods: { nasa: "NASA", nag: "NAG" },
  scaleOf: (scale: number) => `scale ${scale}`,
  steeredSteps: "Steered steps",
  steeredStepsAbout:
    "Early steps decide what the picture holds, late ones finish it. Steering only the early ones takes less time and leaves the finish alone. With one step there is nothing to choose.",
  steeredStepsChoices: { all: "All steps", early: "Early steps only" },
  steeringUnused: "Takes effect once there is something to leave out.",

  generate: "Draw",
  cancel: "Cancel",
  shortcut: "Enter draws, Shift Enter starts a line, Escape cancels",

  save: "Save PNG",
  copyLink: "Copy link",
  linkCopied: "Link copied",
  notSaved: (reason: string) => `This browser could not write the picture as a file. ${reason}`,
  notCopied: "This browser does not let the page copy. The address bar holds the same link.",
  timings: "Time by stage",
  stageNames: { load: "Load", compile: "Compile", encode: "Text", decode: "Decode" },
  stepName: (step: number) => `Step ${step}`,

  history: "This visit",
  showAgain: ({ prompt, negative }: Pick<Recipe, "prompt" | "negative">) =>
    [prompt === "" ? "Show the picture of an empty prompt again" : `Show again: ${prompt}`, negative.trim() && `left out: ${negative}`]
      .filter(Boolean)
      .join(", "),
  emptyPrompt: "(no prompt)",

  modelLine: ({ title, license }: Pick<ModelFacts, "title" | "license">, weightBytes: number | undefined, isOnProcessor: boolean) =>
    [title, weightBytes !== undefined && formatBytes(weightBytes), license, isOnProcessor && "drawn without a GPU"]
      .filter(Boolean)
      .join(" · "),
  privacy: "Everything happens on this device. Nothing is uploaded.",

  diagnostics: "What computes",
  engine: "Engine",
  automaticEngine: "The best there is",
  engines: { wgsl: "Own kernels, WebGPU", "ort-webgpu": "ONNX Runtime, WebGPU", "ort-wasm": "ONNX Runtime, WASM" },
  computedOn: "Computed on",
  processor: "The processor, one core",
  parts: { text_encoder: "Text encoder", text_encoder_2: "Second text encoder", unet: "Denoiser", vae: "Decoder" },

  theme: { toDark: "Use dark colours", toLight: "Use light colours" },

  retry: "Try again",
  reload: "Reload the page",
  details: "Details",
  noGpuTitle: "This browser gives the page no GPU",
  noGpuSteps: [
    "Use a current Chrome or Edge, Safari 26 or later, or Firefox 141 or later on Windows or macOS.",
    "Switch hardware acceleration on in the browser's settings, then restart it.",
    "On Linux, start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.",
    "Open the page over https or from localhost: WebGPU needs a secure address.",
  ],
  errorTitle: "That did not work",
  badLink: "The link's settings could not be read, so these are the usual ones.",

  status: {
    cancelled: "Cancelled",
    compared: "Both pictures are drawn",
    done: (duration: string) => `Drawn in ${duration}`,
  },
} as const;

/** One line for what is going on now. */
export function describeProgress(progress: Progress | undefined): string {
  switch (progress?.stage) {
    case undefined:
      return "Starting";
    case "load":
      return `Loading ${progress.component === "onnxruntime" ? "ONNX Runtime" : "the model"}, ${formatBytes(progress.loadedBytes)} of ${formatBytes(progress.totalBytes)}`;
    case "compile":
      return `Preparing the GPU, ${progress.pipelines} of ${progress.totalPipelines}`;
    case "encode":
      return "Reading the prompt";
    case "step":
      return progress.steps === 1 ? "Drawing" : `Drawing, step ${progress.step} of ${progress.steps}`;
    case "decode":
      return "Bringing out the pixels";
  }
}

/** The same without numbers, for those who have it read to them: it changes once a stage. */
export function announceProgress(progress: Progress | undefined): string {
  switch (progress?.stage) {
    case undefined:
      return "Starting";
    case "load":
    case "compile":
      return "Loading the model";
    case "encode":
    case "step":
    case "decode":
      return "Drawing";
  }
}

/** Share done, 0 to 1; undefined where it is not known. */
export function progressShare(progress: Progress | undefined): number | undefined {
  switch (progress?.stage) {
    case "load":
      return progress.totalBytes > 0 ? progress.loadedBytes / progress.totalBytes : undefined;
    case "compile":
      return progress.totalPipelines > 0 ? progress.pipelines / progress.totalPipelines : undefined;
    case "step":
      return (progress.step - 1) / progress.steps;
    case "decode":
      return 1;
    case "encode":
      return 0;
    case undefined:
      return undefined;
  }
}
