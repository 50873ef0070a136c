// What the controls say at this moment, and the recipe that is made of it. A draft may be
// invalid, as while a seed is typed. A recipe may not.
import { catalogueEntry, VIGNETTE } from "../catalogue/entries";
import type { CatalogueEntry } from "../catalogue/entry";
import type { CountedTexts } from "../common/drawing";
import { emphasisOf } from "../common/emphasis";
import { madeBy } from "../common/made-with";
import type { ModelFacts } from "../common/model-facts";
import { readQuery, recipeToQuery } from "../common/permalink";
import { normalisePrompt, parseRecipe, parseSeed, type Recipe } from "../common/recipe";
import type { Steering } from "../common/steering";
import { leavesOut } from "./comparison";
import { chosenSteering } from "./dial";

export interface Draft {
  readonly model: string;
  /** What the recipe that was opened was made with; from the next picture on, what that one is made with. Another model has its own. */
  readonly revision?: Recipe["revision"] | undefined;
  readonly weights?: Recipe["weights"] | undefined;
  readonly inFloat32?: Recipe["inFloat32"] | undefined;
  /** What is added to the model; absent where nothing is. */
  readonly loras?: NonNullable<Recipe["loras"]>;
  readonly prompt: string;
  readonly negative: string;
  /** Whether brackets are text like any other, as in the recipe that was opened. It ends when somebody types. */
  readonly isLiteral?: boolean;
  /** Rows of tokens that the texts need, where one is longer than a row. It is counted while somebody types (tokens/count-texts.ts). */
  readonly rows?: number | undefined;
  /** Whether `rows` are those of the recipe that was opened. It ends when somebody types. */
  readonly keepsRows?: boolean;
  /** Undefined until someone chooses, and then the model's own holds. */
  readonly steering: Steering | undefined;
  readonly steps: number;
  /** What the recipe that was opened says of how its model is stepped and what that predicts. Another model has its own. */
  readonly sampler?: Recipe["sampler"] | undefined;
  readonly prediction?: Recipe["prediction"] | undefined;
  /** The text of the field, which may be no number. */
  readonly seed: string;
  /** How the noise goes on from the seed's. */
  readonly variations?: NonNullable<Recipe["variations"]>;
  /** What is drawn over; absent where pictures begin with noise. */
  readonly start?: Recipe["start"] | undefined;
  /** Whether the next picture keeps the seed. */
  readonly seedKept: boolean;
  readonly width: number;
  readonly height: number;
  /** Whether nobody has chosen the size: it becomes what the model draws here, once that is loaded. */
  readonly isSizeOpen?: boolean;
}

/** What the controls say before anyone has touched them. */
export const FIRST_DRAFT: Draft = firstDraftFor(VIGNETTE);

function firstDraftFor({ id, size, steps }: CatalogueEntry): Draft {
  return {
    model: id,
    prompt: "a lighthouse on a cliff at sunset, two sailboats",
    negative: "",
    steering: undefined,
    steps: steps.preferred,
    seed: "2",
    seedKept: false,
    width: size,
    height: size,
    isSizeOpen: true,
  };
}

/**
 * @param facts of the model, for what nobody has chosen, and for what the picture is made with
 * @throws OnestrokeError `invalid-input`
 */
export function recipeOf(draft: Draft, facts: Pick<ModelFacts, "steering" | "revision" | "parts" | "inFloat32" | "loras">): Recipe {
  const steering = chosenSteering(draft.steering, facts.steering);
  const isSteered = leavesOut(draft) && steering.scale > 0;
  return madeBy(facts, parseRecipe({ ...draft, ...readingOf(draft), steering: isSteered ? steering : { method: "none" } }));
}

function readingOf({ prompt, negative, isLiteral }: Draft): { readonly emphasis: Recipe["emphasis"] } {
  return { emphasis: isLiteral === true ? undefined : emphasisOf(prompt, negative).emphasis };
}

/** What is counted of the controls. */
export function textsOf(draft: Draft): CountedTexts {
  const { model, prompt, negative } = draft;
  const { emphasis } = readingOf(draft);
  return { model, prompt, negative, ...(emphasis === undefined ? {} : { emphasis }) };
}

/** The recipe of the controls as far as it needs no model: undefined where the model's own steering would be part of it, or they make none. */
export function recipeOfDraft(draft: Draft): Recipe | undefined {
  if (leavesOut(draft) && draft.steering === undefined) return undefined;
  try {
    return parseRecipe({ ...draft, steering: leavesOut(draft) ? draft.steering : { method: "none" } });
  } catch {
    return undefined;
  }
}

/** The controls as they were when the recipe was drawn. A loose seed stays loose, so that Draw gives another picture. */
export function draftOf(recipe: Recipe, current: Draft): Draft {
  // A recipe that leaves nothing out says nothing about steering, so the dial stays where it is.
  return {
    ...recipe,
    // What it does not say must not stay from before.
    revision: recipe.revision,
    weights: recipe.weights,
    inFloat32: recipe.inFloat32,
    sampler: recipe.sampler,
    prediction: recipe.prediction,
    loras: recipe.loras ?? [],
    variations: recipe.variations ?? [],
    start: recipe.start,
    isLiteral: recipe.emphasis === undefined,
    rows: recipe.rows,
    keepsRows: true,
    steering: leavesOut(recipe) ? recipe.steering : current.steering,
    seedKept: current.seedKept,
    isSizeOpen: false,
  };
}

/** Whether the controls say something that the recipe does not, and that somebody may have written. */
export function isRewritten({ prompt, negative }: Draft, recipe: Recipe | undefined): boolean {
  return recipe !== undefined && (normalisePrompt(prompt) !== recipe.prompt || normalisePrompt(negative) !== recipe.negative);
}

/** Whether what the controls say is among what will be drawn. */
export function isAsked(draft: Draft, asked: readonly ({ readonly recipe: Recipe } | undefined)[]): boolean {
  return asked.some((one) => one !== undefined && !isRewritten(draft, one.recipe));
}

export interface LinkedDraft {
  readonly draft: Draft;
  /** The names of settings that could not be read. The others hold. */
  readonly refused: readonly string[];
}

/** The controls as a link sets them. */
export function draftOfLink(query: string): LinkedDraft {
  const asked = new URLSearchParams(query);
  const first = firstDraftFor(catalogueEntry(asked.get("model") ?? "") ?? VIGNETTE);
  const { recipe, refused } = readQuery(query, parseRecipe(first));
  const draft = draftOf(recipe, first);
  const says = (name: string): boolean => asked.has(name) && !refused.includes(name);
  return { draft: { ...draft, ...(!says("steering") && { steering: undefined }), isSizeOpen: !says("size") }, refused };
}

/** The link that sets the controls like this. Undefined while they make no picture. */
export function linkOfDraft(draft: Draft): string | undefined {
  try {
    const query = new URLSearchParams(
      recipeToQuery(parseRecipe({ ...draft, ...readingOf(draft), steering: draft.steering ?? { method: "none" } })),
    );
    if (draft.steering === undefined) query.delete("steering");
    if (draft.isSizeOpen === true) query.delete("size");
    return query.toString();
  } catch {
    return undefined;
  }
}

export function isSeed(text: string): boolean {
  try {
    parseSeed(text);
    return true;
  } catch {
    return false;
  }
}
