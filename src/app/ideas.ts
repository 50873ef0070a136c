// Prompts for people who have none yet, put together from what Vignette knows. The lists hold
// whole phrases, so that any choice of one from each reads as a sentence.

const SUBJECTS = [
  { subject: "a lighthouse and two sailboats", places: ["on a cliff by the sea", "on a rocky coast"] },
  { subject: "a castle", places: ["in the mountains", "on green hills", "on a cliff"] },
  { subject: "a windmill and three sheep", places: ["in a meadow", "on green hills"] },
  { subject: "a cottage", places: ["by a lake", "in a forest", "in the mountains"] },
  { subject: "a tent and a campfire", places: ["in a forest", "by a lake", "in the desert"] },
  { subject: "two cacti", places: ["in the desert", "among sand dunes"] },
  { subject: "a rowboat", places: ["by a quiet lake", "by the sea"] },
  { subject: "two hot air balloons", places: ["in the mountains", "in the countryside", "in the desert"] },
  { subject: "three gulls", places: ["by the sea", "over a city skyline"] },
] as const;

const TIMES = ["at dawn", "at noon", "at sunset", "at night"] as const;
const WEATHERS = ["under a clear sky", "in the mist", "in falling snow", "in the rain", "under clouds"] as const;
const SEASONS = ["in spring", "in summer", "in autumn", "in winter"] as const;
const STYLES = ["travel poster", "watercolour", "ink drawing"] as const;

/** @param random numbers in [0, 1) */
export function promptIdea(random: () => number = Math.random): string {
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[Math.floor(random() * choices.length)];
    if (choice === undefined) throw new RangeError("random numbers lie in [0, 1)");
    return choice;
  };
  const { subject, places } = pick(SUBJECTS);
  const season = pick(SEASONS);
  // Snow falls in winter alone, because people expect it then.
  const weather = pick(season === "in winter" ? WEATHERS : WEATHERS.filter((choice) => !choice.includes("snow")));
  return `${subject} ${pick<string>(places)} ${pick(TIMES)}, ${season}, ${weather}, ${pick(STYLES)}`;
}
