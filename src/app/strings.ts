// Every sentence the page says, in one table, so that a second language is one more file.
// Error messages and remedies come from the errors themselves.
import type { DamagedRange, Room } from "../common/download";
import type { License, ModelFacts, ModelMemory, NetworkName } from "../common/model-facts";
import type { Recipe } from "../common/recipe";
import { LOCALE } from "./locale";
import type { GpuSurvey } from "./models/gpu-survey";
import type { ModelRow } from "./models/state";

const bytes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "megabyte", maximumFractionDigits: 1 });
const seconds = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const formatBytes = (byteLength: number): string => bytes.format(byteLength / 1e6);
export const formatDuration = (ms: number): string => (ms < 999.5 ? `${Math.round(ms)} ms` : `${seconds.format(ms / 1_000)} s`);

const gigabytes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "gigabyte", maximumFractionDigits: 2 });
const kilobytes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
const count = new Intl.NumberFormat(LOCALE);
const minutes = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "minute", unitDisplay: "long" });
const hours = new Intl.NumberFormat(LOCALE, { style: "unit", unit: "hour", unitDisplay: "long", maximumFractionDigits: 1 });

/** Models are large: gigabytes with two digits, and megabytes below one of them. What begins, and what a slow line brings, is less. */
export function formatSize(byteLength: number): string {
  if (byteLength >= 1e9) return gigabytes.format(byteLength / 1e9);
  return byteLength > 0 && byteLength < 1e5 ? kilobytes.format(byteLength / 1e3) : formatBytes(byteLength);
}

function timeLeft(leftBytes: number, bytesPerSecond: number): string {
  const left = leftBytes / bytesPerSecond;
  if (left < 60) return "less than a minute left";
  return left < 5_400 ? `${minutes.format(Math.round(left / 60))} left` : `${hours.format(left / 3_600)} left`;
}

export const licenseName = ({ id, commercial }: License): string => (commercial === false ? `${id}, not for commercial use` : id);

/** What the page calls the networks in its sentences. */
export const NETWORKS: Readonly<Record<NetworkName, string>> = {
  text_encoder: "text encoder",
  text_encoder_2: "second text encoder",
  denoiser: "denoiser",
  autoencoder: "decoder",
};

export const strings = {
  name: "Onestroke",
  tagline: "Pictures from a sentence, in one step, on your own device",

  prompt: "Describe a picture",
  surprise: "Surprise me",
  promptPlaceholder: "a lighthouse on a cliff at sunset, two sailboats",
  textCut: (most: number) => `Only the first ${most} tokens (words or parts of words) were read. A shorter text is read to its end.`,
  drawsOnly: "It draws illustrated landscapes.",
  tryIdea: "Try an example",
  moreModels: "See models that know more",
  weighed: "Weighed: ",
  unknownWords: (title: string) => `${title} does not know: `,
  moreWords: (count: number) => `, and ${count} more`,
  negative: "Leave out",
  negativePlaceholder: "what should not be in the picture",

  steps: "Steps",
  stepsHint: (steps: number) => (steps === 1 ? "fastest" : "finer, but slower"),
  stepCount: (steps: number) => (steps === 1 ? "1 step" : `${steps} steps`),
  seed: "Seed",
  seedInvalid: "The seed must be a whole number from 0 to 18446744073709551615",
  rollSeed: "Pick another seed",
  keepSeed: "Keep this seed",
  size: "Size",
  explain: (what: string) => `About: ${what}`,
  /** It stays on one line. */
  sizeOf: (width: number, height: number) => `${width}\u{a0}×\u{a0}${height}`,
  width: "Width in pixels",
  height: "Height in pixels",
  turnSize: "Turn the picture: wide or upright",
  steering: "Steering",
  steeringAbout:
    "How strongly the picture is steered away from what you leave out. The mark in the middle suits this model best. Further right takes more away, but too much harms the picture.",
  strength: (position: number) =>
    position === 0 ? "off" : position < 0.95 ? "gentle" : position <= 1.05 ? "normal" : position < 1.65 ? "firm" : "strong",
  compare: "Compare",
  compareHint: "See the same picture with and without steering",
  sides: {
    without: { name: "without steering", shortName: "without" },
    with: { name: "with steering", shortName: "with" },
  },
  wipe: "Dividing line between the two pictures",
  wipeAt: (percent: number) => `${percent} % without steering, ${100 - percent} % with`,
  pictureOf: ({ prompt }: Pick<Recipe, "prompt">, side: string) => [prompt, side].filter(Boolean).join(", "),
  saveSide: (side: string) => `Save PNG, ${side}`,
  drawingOtherSide: "Drawing the picture without steering",

  advanced: "Advanced",
  steeringMethod: "Steering method",
  steeringMethodAbout:
    "Subtract (NASA) takes away what the words you leave out would have added. Push away (NAG) moves the picture away from them and limits how far, so it can be turned up higher. Reverse (VSF) reads them with the prompt and turns what they add around, so it acts most where the picture looks like them.",
  steeringMethods: { nasa: "Subtract", nag: "Push away", vsf: "Reverse" },
  scaleOf: (scale: number) => `scale ${scale}`,
  steeredSteps: "Steered steps",
  steeredStepsAbout:
    "Early steps decide what is in the picture, and later steps refine it. Steering only the early ones takes less time and leaves the refinement alone. With one step there is no difference.",
  steeredStepsChoices: { all: "All steps", early: "Early steps only" },
  steeringUnused: "These settings apply once you write something under “Leave out”.",

  generate: "Draw",
  cancel: "Cancel",
  shortcut: "Press Enter to draw, Shift + Enter for a new line, Escape to cancel.",

  timings: "Time taken by each stage",
  stageNames: { load: "Load", compile: "Compile", encode: "Text", decode: "Decode" },
  stepName: (step: number) => `Step ${step}`,

  emptyPrompt: "(no prompt)",
  /** Where the picture will be, after its first one was cancelled. */
  nothingYet: "Press Draw, and the picture comes here.",

  modelLine: ({ title, license }: Pick<ModelFacts, "title" | "license">, weightBytes: number | undefined, isOnProcessor: boolean) =>
    [title, weightBytes !== undefined && formatBytes(weightBytes), license && licenseName(license), isOnProcessor && "drawn without a GPU"]
      .filter(Boolean)
      .join(" · "),
  privacy: "Your words and pictures stay on this device.",

  models: {
    title: "Models",
    label: "Model:",
    open: "Choose what draws",
    close: "Close the models",
    fromHub: "A repository of the model hub.",
    /** @param isKept whether this browser keeps anything */
    size: (
      { totalBytes, aboutBytes, hereBytes, isComplete }: Pick<ModelRow, "totalBytes" | "aboutBytes" | "hereBytes" | "isComplete">,
      isKept: boolean,
    ) => {
      if (totalBytes === undefined) return aboutBytes === undefined ? "Size not known yet" : `About ${formatSize(aboutBytes)} to download`;
      if (isComplete) return `${formatSize(totalBytes)}, ${isKept ? "on this device" : "here until the page is closed"}`;
      return hereBytes > 0 ? `${formatSize(totalBytes)}, ${formatSize(hereBytes)} of it here` : formatSize(totalBytes);
    },
    need: (memoryBytes: number, side: number | undefined) =>
      `needs about ${formatSize(memoryBytes)} of GPU memory${side === undefined ? "" : ` at ${side}\u{a0}×\u{a0}${side}`}`,
    outlooks: {
      fits: "should run here",
      tight: "may be tight here",
      risky: "probably too large here: try it at your own risk",
      slow: "very slow here, without a GPU",
      "no WebGPU": "needs WebGPU, which this browser does not offer",
    },
    steps: (most: number) => (most === 1 ? "1 step" : `1 to ${most} steps`),
    unchecked: "not checked against a published hash",
    gpu: ({ name, isSoftware, hasFloat16, maxBufferBytes }: GpuSurvey) =>
      name === undefined
        ? "This browser offers no WebGPU, so only models that also run on the processor draw here."
        : [
            `This device draws with ${name}`,
            isSoftware && "the processor stands in for a GPU, so large models take minutes",
            hasFloat16 ? "numbers of 16 bits" : "no numbers of 16 bits, so models need twice the memory",
            `buffers of up to ${formatSize(maxBufferBytes)}`,
          ]
            .filter(Boolean)
            .join(" · "),
    room: ({ usedBytes, freeBytes, isPersistent }: Room) =>
      [
        `Models take ${formatSize(usedBytes)} here`,
        `the browser estimates room for ${formatSize(freeBytes)} more`,
        isPersistent === true && "and keeps them until you remove them",
        isPersistent === false && "and may remove them when the disk is full",
      ]
        .filter(Boolean)
        .join(", "),
    notKept: "This browser lets the page keep nothing, as in a private window. Models last until the page is closed.",

    instead: (preset: string) => `Get it with its ${preset}`,

    use: "Draw with it",
    isCurrent: "Draws now",
    get: "Get",
    getIt: "Get this model",
    download: (byteLength: number) => `Download ${formatSize(byteLength)}`,
    resume: "Go on",
    pause: "Pause",
    verify: "Verify",
    remove: "Remove",
    keep: "Keep",
    dismiss: "Close",
    named: (action: string, title: string) => `${action}: ${title}`,
    inspecting: "Asking what it is",
    waiting: { retry: "The connection failed; trying again", offline: "Waiting for the network", "another tab": "Another tab fetches it" },
    progress: (hereBytes: number, totalBytes: number, bytesPerSecond: number | undefined) =>
      [
        `${formatSize(hereBytes)} of ${formatSize(totalBytes)}`,
        bytesPerSecond !== undefined && `${formatSize(bytesPerSecond)} a second`,
        bytesPerSecond !== undefined && bytesPerSecond > 0 && timeLeft(totalBytes - hereBytes, bytesPerSecond),
      ]
        .filter(Boolean)
        .join(" · "),
    offer: (licence: License | undefined) =>
      licence === undefined
        ? "Its licence is not stated: look at its page before you use its pictures."
        : licence.commercial === false
          ? `Licence: ${licence.id}. Not for commercial use.`
          : `Licence: ${licence.id}.`,
    verifying: "Checking every byte",
    whole: (isChecked: boolean) => (isChecked ? "Every byte is as it was published." : "Every byte is as it came."),
    repairs: {
      damaged: (byteLength: number) => `${formatSize(byteLength)} of it are not as they were published. Only these are fetched again:`,
      range: ({ file, begin, end }: DamagedRange) => `${file}, bytes ${count.format(begin)} to ${count.format(end - 1)}`,
      more: (ranges: number) => `and ${ranges} more places`,
      repair: "Repair",
    },
    askToRemove: (byteLength: number) => `Remove it and free up to ${formatSize(byteLength)}?`,
    arrived: (title: string) => `${title} is on this device`,
    now: (title: string, size: number, steps: string) =>
      `${title} draws now: ${size}\u{a0}×\u{a0}${size}, ${steps}. The prompt and the seed stay.`,

    doubt: (reason: string) => `A few steps may draw badly with it: ${reason}.`,

    own: {
      kinds: {
        folder: "A folder of this device, used where it is.",
        file: "A file of this device, used where it is.",
        copy: "A folder of this device that was copied into this browser.",
        "closed folder": "A folder of this device from an earlier visit. The browser asks you before the page may read it again.",
      },
      reopen: "Open it again",
      copy: "Copy to this browser",
      forget: "Forget it",
      closed: (id: string) => `The folder of ${id} was not opened`,
      notOpened: "Allow the page to read it when the browser asks, or open the folder anew if it was moved.",
    },
    openFolder: "Open a folder",
    openFile: "Open a file",
    ownHint: "A model on your own disk is used where it is: a folder in diffusers’ layout, or one file as model sites give them.",
    add: "Another model",
    addHint: "A repository of the model hub in diffusers’ layout, such as owner/name or owner/name@revision",
    addName: "Name on the hub",
    namePlaceholder: "owner/name",
    look: "Look at it",
    notAName: "A repository’s name is owner/name, perhaps with @ and a revision",
    token: "Access token",
    goToToken: "Enter a token",
    tokenHint:
      "Only for repositories that ask for one. It is sent to the hub alone, and forgotten when the page closes, unless you keep it.",
    tokenIsKept: "One is kept",
    keepToken: "Keep it in this browser, for whoever uses it",
    openPage: "Open its page on the hub",
  },

  loras: {
    title: "LoRAs",
    add: "Add a LoRA",
    hint: "A LoRA changes how the model draws. It must be made for this model’s family, and you can also drop its file on the page.",
    remove: (name: string) => `Take out ${name}`,
    added: (name: string) => `${name} is added to the model. Its slider says how much.`,
  },

  diagnostics: "Technical details",
  engine: "Engine",
  automaticEngine: "Automatic",
  engines: { wgsl: "Onestroke on WebGPU", "ort-webgpu": "ONNX Runtime on WebGPU", "ort-wasm": "ONNX Runtime on WASM" },
  weightFormats: { f16: "16-bit weights", q8: "8-bit weights", q4: "4-bit weights" },
  computedOn: "Runs on",
  processor: "The processor, on one core",
  memory: "GPU memory",
  memoryOf: ({ gpuBytes, turns }: ModelMemory) =>
    turns.length === 0 ? `about ${formatSize(gpuBytes)}` : `about ${formatSize(gpuBytes)}; ${strings.takeTurns(turns)}`,
  takeTurns: (turns: readonly NetworkName[]) => `these take turns: ${turns.map((name) => NETWORKS[name]).join(", ")}`,

  theme: { toDark: "Use dark colours", toLight: "Use light colours" },

  retry: "Try again",
  reload: "Reload the page",
  details: "Details",
  noGpuTitle: "This page cannot use a GPU in this browser",
  noGpuSteps: [
    "Use a current Chrome or Edge, Safari 26 or later, or Firefox 141 or later on Windows or macOS.",
    "Turn on hardware acceleration in the browser's settings, then restart the browser.",
    "On Linux, start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.",
    "Open the page over https or from localhost. Browsers allow WebGPU nowhere else.",
  ],
  errorTitle: "That did not work",
  dismiss: "Close",
  badLink: (names: readonly string[]) => `This link’s ${names.join(", ")} could not be read. The rest of it holds.`,
  putAside: "What you were writing is kept.",
  bringBack: "Bring it back",
  noRecipe:
    "This file holds no recipe of Onestroke. A PNG that was saved here does, if no other program has changed it since. To draw over a picture, choose it at “Start from a picture”.",
  notTaken: "The page takes pictures that were saved here, models, as a folder or a file of weights, and LoRAs.",
  sharedOver: (prompt: string) => `The shared text is the prompt now. Before, it was: ${prompt}`,

  update: {
    waiting: "An update is ready.",
    changed: "Onestroke was updated in another tab.",
    restart: "Restart",
    later: "Later",
  },

  status: {
    cancelled: "Cancelled",
    compared: "Both pictures are drawn",
    done: (duration: string) => `Drawn in ${duration}`,
  },
} as const;
