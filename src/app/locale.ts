// How this person writes numbers and dates. The page's words are English, and its numbers are as people write them where they live: 1,5 in
// Germany, and 1.5 in Ireland.

/** English as it is written in the region of the first language that the browser names; plain English where that says nothing. */
export function numbersLocale(languages: readonly string[]): string {
  try {
    const { region } = new Intl.Locale(languages[0] ?? "en").maximize();
    return region === undefined ? "en" : `en-${region}`;
  } catch {
    return "en";
  }
}

export const LOCALE = numbersLocale(typeof navigator === "object" ? (navigator.languages ?? []) : []);
