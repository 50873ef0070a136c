// What somebody has chosen once and means for every visit. It is kept where the browser lets the page keep things, and forgotten where it
// does not.
export interface Preferences {
  /** Saved and shared files say nothing of the prompt. */
  readonly withoutPrompt: boolean;
  /** Letters alone do something. People who speak to their computer may want to switch that off. */
  readonly singleKeys: boolean;
}

const KEY = "onestroke-preferences";
const USUAL: Preferences = { withoutPrompt: false, singleKeys: true };

export function readPreferences(): Preferences {
  try {
    const { withoutPrompt, singleKeys }: Partial<Record<keyof Preferences, unknown>> = Object(
      JSON.parse(localStorage.getItem(KEY) ?? "{}"),
    );
    return { withoutPrompt: withoutPrompt === true, singleKeys: singleKeys !== false };
  } catch {
    return USUAL;
  }
}

export function keepPreferences(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // The browser denies storage, so the choice lasts for this visit.
  }
}
