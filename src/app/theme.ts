// Dark or light colours. The system decides until the visitor does. Their choice is kept where
// the browser lets the page keep things, and forgotten where it does not.
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "onestroke-theme";
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
const bars = [...document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")];
const barColourFor = (theme: Theme): string | undefined => bars.find(({ media }) => media.includes(theme))?.content;
const barColours = { light: barColourFor("light"), dark: barColourFor("dark") };

function chosen(): Theme | undefined {
  const value = document.documentElement.dataset["theme"];
  return value === "light" || value === "dark" ? value : undefined;
}

function current(): Theme {
  return chosen() ?? (systemDark.matches ? "dark" : "light");
}

export function restoreTheme(): void {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "light" || kept === "dark") wear(kept);
  } catch {
    // The browser denies storage, so the system decides.
  }
}

/** The browser's own bars follow the page. Until somebody chooses, each of two elements speaks for one of the system's wishes. */
function wear(theme: Theme): void {
  document.documentElement.dataset["theme"] = theme;
  const colour = barColours[theme];
  if (colour !== undefined) for (const bar of bars) bar.content = colour;
}

export function chooseTheme(theme: Theme): void {
  wear(theme);
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // The browser denies storage, so the choice lasts for this visit.
  }
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    systemDark.addEventListener("change", listener);
    return () => {
      listeners.delete(listener);
      systemDark.removeEventListener("change", listener);
    };
  }, current);
}
