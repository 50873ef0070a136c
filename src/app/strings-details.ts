// What the page says of a model's numbers and of the length of texts. The rest of its sentences are in strings.ts.
import type { ChosenPrediction, ChosenRule } from "../common/chosen-sampler";
import type { TextLength } from "../common/drawing";
import type { ModelFacts } from "../common/model-facts";
import type { QuantisedFormat, WeightChoice } from "../common/weight-format";
import type { WideNetwork } from "../common/wide-network";
import type { Draft } from "./draft";
import { formatSize, NETWORKS, strings } from "./strings";

type MadeWith = Pick<Draft, "revision" | "weights" | "inFloat32" | "loras">;

export const details = {
  textLength: ({ tokens, rows, lastRow, perRow, isLong }: TextLength, isCut: boolean) => {
    if (isCut && isLong) return `${tokens} tokens; this recipe reads those that fit`;
    return rows === 1 ? `${tokens} of ${perRow} tokens` : `${tokens} tokens in ${textRows(rows)} · ${lastRow} of ${perRow} in the last`;
  },
  /** What a caption says of a recipe. */
  textRows,
  /** What a recipe asks of how the model is stepped, and what its network predicts. */
  steppedAs: ({ sampler, prediction }: Pick<Draft, "sampler" | "prediction">) =>
    `The recipe says: ${[sampler && `stepped by ${RULE_NAMES[sampler]}`, prediction && `the model predicts ${PREDICTION_NAMES[prediction]}`]
      .filter(Boolean)
      .join(", ")}.`,
  stepsAsModelSays: "As the model says itself",
  /** A choice of the sizes that a model was trained at. */
  trainedSize: (isSmallest: boolean, side: number) => `${isSmallest ? "Small" : "Large"}, ${side}`,
  untrainedSize: (title: string, sides: readonly number[]) =>
    `${title} was trained at ${sides.map((side) => `${side} × ${side}`).join(" and ")}. At other sizes it may repeat things, or cut them off.`,
  parts: {
    text_encoder: "Text encoder",
    text_encoder_2: "Second text encoder",
    unet: "Denoiser",
    vae: "Decoder",
    vae_fine: "Fine decoder",
  },
  weights: "Weights",
  /** @param needBytes as planned; undefined where nothing is planned */
  weightChoice: (choice: WeightChoice, needBytes: number | undefined) =>
    [WEIGHT_NAMES[choice], needBytes !== undefined && `about ${formatSize(needBytes)} of GPU memory`].filter(Boolean).join(" · "),
  fittingWeights: "Automatic",
  weightsAbout:
    "Automatic takes the model’s own where memory suffices, and smaller ones where it does not. 8 bits are hard to tell from 16; 4 bits give the same picture in slightly other details.",
  weightsOfGraphs: "ONNX Runtime takes the weights as they are in the model’s graphs.",
  /** What a drawn picture's caption says. */
  brokenFloat16: (networks: readonly WideNetwork[]) =>
    `Numbers of 16 bits broke a picture of this model, so its ${computing(networks)} with 32 here from then on.`,
  inFloat32: (networks: readonly WideNetwork[]) => `This model’s ${computing(networks)} with 32 bits, because 16 broke a picture.`,
  tryFloat16: "Try 16 bits again",
  version: "Version",
  lora: "LoRA",
  inFloat32Name: "In 32 bits",
  networks: (networks: readonly WideNetwork[]) => named(networks),
  products: "Matrix products",
  measuredProducts: "As measured on this GPU",
  productsByTable: "By the table for all GPUs",
  productsAbout:
    "In a pause after a picture the page measures how this GPU computes the heaviest products fastest, and computes them so from the next picture on. The table forgets what was measured.",
  /** @param tuning what a model's facts say */
  productsOf: (tuning: string | undefined) => (tuning === undefined ? "by the table" : `as measured here (${tuning})`),
  smallerNeeds: ({ q8, q4 }: Readonly<Record<QuantisedFormat, number>>) =>
    `about ${formatSize(q8)} with weights of 8 bits, ${formatSize(q4)} with 4`,
  /** What a caption says of a recipe. */
  wide: (networks: readonly WideNetwork[]) => `${named(networks)} in 32 bits`,
  /** What a recipe that was opened was made with, and the model that is here is not; undefined where there is nothing to say. */
  madeOtherwise: ({ title }: Pick<ModelFacts, "title">, said: MadeWith, here: MadeWith): string | undefined => {
    const isOther = said.revision !== undefined && here.revision !== undefined && said.revision !== here.revision;
    // One of before that was written says nothing of weights either.
    const saysWeights = said.revision !== undefined || said.weights !== undefined;
    return madeSo([
      isOther && `by another version of ${title} (${said.revision})`,
      saysWeights && said.weights !== here.weights && `with ${strings.weightFormats[said.weights ?? "f16"]}`,
      said.inFloat32 !== undefined && said.inFloat32.join() !== here.inFloat32?.join() && `with its ${details.wide(said.inFloat32)}`,
      otherFiles(said, here),
    ]);
  },
  /** The same of its LoRAs alone, whose files are read when they are drawn with. */
  otherLoras: (said: MadeWith, here: MadeWith): string | undefined => madeSo([otherFiles(said, here)]),
} as const;

function madeSo(how: readonly (string | false | undefined)[]): string | undefined {
  const said = how.filter(Boolean);
  return said.length === 0 ? undefined : `This recipe was drawn ${said.join(" and ")}, so the picture may look different here.`;
}

function otherFiles({ loras: said = [] }: MadeWith, { loras: here = [] }: MadeWith): string | undefined {
  const others = said.filter(({ name, hash }) => {
    const own = here.find((lora) => lora.name === name)?.hash;
    return hash !== undefined && own !== undefined && hash !== own;
  });
  if (others.length === 0) return undefined;
  return `with another file of ${others.map(({ name, hash }) => `${name} (${hash})`).join(" and ")}`;
}

function named(networks: readonly WideNetwork[]): string {
  return networks.map((network) => NETWORKS[network]).join(" and ");
}

function computing(networks: readonly WideNetwork[]): string {
  return `${named(networks)} ${networks.length === 1 ? "computes" : "compute"}`;
}

function textRows(rows: number): string {
  return rows === 1 ? "1 row of text" : `${rows} rows of text`;
}

const RULE_NAMES: Readonly<Record<ChosenRule, string>> = { consistency: "the rule of LCM", euler: "Euler’s rule", tcd: "the rule of TCD" };
const PREDICTION_NAMES: Readonly<Record<ChosenPrediction, string>> = { epsilon: "noise", v_prediction: "v" };
const WEIGHT_NAMES: Readonly<Record<WeightChoice, string>> = { published: "The model’s own", q8: "8 bits", q4: "4 bits" };
