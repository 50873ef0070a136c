// What made a picture and is not in its recipe: whoever draws it again from that has to say it again.

interface Chosen {
  readonly sampler: string | undefined;
  readonly prediction: string | undefined;
}

/** A sentence for the terminal; undefined where the recipe says all. */
export function unsaidInRecipe(chosen: Chosen): string | undefined {
  const options = (["sampler", "prediction"] as const).flatMap((name) => (chosen[name] === undefined ? [] : [`--${name} ${chosen[name]}`]));
  if (options.length === 0) return undefined;
  return `The recipe in the picture does not say ${options.join(" and ")}: without ${options.length === 1 ? "it" : "them"} it draws another picture, and the page has no such choice.`;
}
