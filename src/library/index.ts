// The public module, which the page itself is built on.
export { createGenerator, type Generator, type GeneratorOptions, type TogetherHooks } from "../client/generator";
export { createModelStore, type ModelStore, type ModelStoreOptions, type StoreHooks, type StoreRoom } from "../client/model-store";
export { planBytes, type DownloadPlan, type DownloadProgress, type HandedModel, type KeptModel, type ModelOffer } from "../common/download";
export type { CountedTexts, Drawing, DrawHooks, DrawTogetherHooks, LoadHooks, TextLength, TextLengths, Timings } from "../common/drawing";
export type { Engine } from "../common/engine";
export { OnestrokeError, type ErrorCode } from "../common/errors";
export type { License, ModelFacts } from "../common/model-facts";
export type { ModelNumbers } from "../common/model-numbers";
export { recipeFromQuery, recipeToQuery } from "../common/permalink";
export type { Picture } from "../common/picture";
export type { Progress } from "../common/progress";
export { parseRecipe, randomSeed, type Recipe, type Steering } from "../common/recipe";
export { recipePng } from "../image/recipe-png";
export { connectFrame, type FramedGenerator } from "../embed/connect-frame";
